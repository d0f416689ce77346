import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { journeyJsonSchema } from '../../journeys/json-schema.ts';
import { files, JOURNEY, wedsync } from './run-wedsync.ts';

const STARTERS = fileURLToPath(new URL('../../journeys/starters/', import.meta.url));
const starters = readdirSync(STARTERS).filter((name) => name.endsWith('.yaml'));

describe('wedsync journeys validate', () => {
  it('finds nothing in the starter journeys, whose templates are all there', async () => {
    const paths = starters.map((name) => STARTERS + name);
    const { code, stdout } = await wedsync(['journeys', 'validate', ...paths, '--templates', `${STARTERS}templates`]);
    expect(stdout.trimEnd().split('\n')).toEqual(paths.map((path) => `${path}  ok`));
    expect(code).toBe(0);
    expect(starters).toHaveLength(8);
  });

  it('says errors and warnings with line and column; warnings alone are no failure', async () => {
    const twice = JOURNEY.replace(
      'anchor: journey_start, offset: { hours: 1 }',
      'anchor: wedding_date, offset: { days: -90 }, at: "09:00", days: working',
    );
    const at = await files({ 'bad.yaml': JOURNEY.replace('key: reminder', 'key: welcome'), 'twice.yaml': twice });
    const bad = await wedsync(['journeys', 'validate', at('bad.yaml')]);
    expect(bad.code).toBe(1);
    expect(bad.stdout).toBe(
      `${at('bad.yaml')}:6:10  error  steps[1].key: The key "welcome" is used by steps[0] too. Keys tell steps apart: give this one another.\n`,
    );
    const doubtful = await wedsync(['journeys', 'validate', at('twice.yaml')]);
    expect(doubtful.code).toBe(0);
    expect(doubtful.stdout).toMatch(
      /twice\.yaml:9:11 {2}warning {2}steps\[1\]\.when: "reminder" goes in the same minute as "welcome"/,
    );
  });

  it('names templates that are not in the folder, and for which channel they are', async () => {
    const at = await files({
      'journey.yaml': JOURNEY.replace('template: welcome', 'template: venue_welcom'),
      'reminder.liquid': '',
    });
    const { code, stdout } = await wedsync(['journeys', 'validate', at('journey.yaml'), '--templates', at('.')]);
    expect(code).toBe(1);
    expect(stdout).toContain('There is no template "venue_welcom"');
    expect(stdout).toContain(
      'The template "reminder" is written for sms and whatsapp, but "reminder" is sent by email.',
    );
  });

  it('goes on after a file that is no YAML, and tells it all as JSON', async () => {
    const at = await files({ 'broken.yaml': 'name: "x', 'good.yaml': JOURNEY });
    const { code, stdout } = await wedsync(['journeys', 'validate', at('broken.yaml'), at('good.yaml'), '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject([
      { file: at('broken.yaml'), errors: [{ code: 'invalid_yaml', line: 1 }], warnings: [] },
      { file: at('good.yaml'), errors: [], warnings: [] },
    ]);
  });

  it.each([
    ['nothing to validate', ['journeys', 'validate'], /missing required argument/],
    ['a file that is not there', ['journeys', 'validate', '/no/such.yaml'], /there is no such file/],
    [
      'a folder of templates that is not there',
      ['journeys', 'validate', 'x.yaml', '--templates', '/no/such'],
      /cannot read the folder/,
    ],
    ['a command that does not exist', ['journeys', 'vaildate'], /Did you mean validate/],
  ])('%s: exit code 2', async (_, args, says) => {
    const { code, stderr } = await wedsync(args);
    expect(stderr).toMatch(says);
    expect(code).toBe(2);
  });
});

describe('wedsync journeys schema', () => {
  it('prints the JSON Schema', async () => {
    const { code, stdout } = await wedsync(['journeys', 'schema']);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toEqual(JSON.parse(JSON.stringify(journeyJsonSchema())));
  });
});

describe('wedsync journeys diff', () => {
  it('says in words what differs, and exits with 1', async () => {
    const venue = readFileSync(`${STARTERS}venue.yaml`, 'utf8');
    const at = await files({
      'a.yaml': venue,
      'b.yaml': venue.replace('days: -270', 'days: -300').replace('key: hand_over', 'key: handing_over'),
    });
    const { code, stdout } = await wedsync(['journeys', 'diff', at('a.yaml'), at('b.yaml')]);
    expect(code).toBe(1);
    expect(stdout).toBe(
      [
        '+ "Hand over to events" is new: 1 day after the start at 09:00, on working days.',
        '~ "Suppliers we love working with": moved from 270 days before the wedding at 10:00, on working days to 300 days before the wedding at 10:00, on working days.',
        '- "Hand over to events" is taken out.',
        '',
      ].join('\n'),
    );
  });

  it('finds no difference in the same journey written otherwise', async () => {
    const at = await files({
      'a.yaml': JOURNEY,
      'b.yaml': JOURNEY.replace('{ key: welcome, type: email,', '{ type: email, key: welcome,'),
    });
    const { code, stdout } = await wedsync(['journeys', 'diff', at('a.yaml'), at('b.yaml')]);
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'The two versions are the same.\n' });
    const json = await wedsync(['journeys', 'diff', at('a.yaml'), at('b.yaml'), '--json']);
    expect(JSON.parse(json.stdout)).toEqual({ same: true, journey: [], steps: [], reordered: [] });
  });
});
