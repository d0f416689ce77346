import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { FACTS, files, JOURNEY, wedsync } from './run-wedsync.ts';

const STORIES = fileURLToPath(new URL('../fixtures/scenarios/', import.meta.url));
const STARTERS = fileURLToPath(new URL('../../journeys/starters/', import.meta.url));
const stories = readdirSync(STORIES).filter((name) => name.endsWith('.yaml'));

type Results = {
  passed: boolean;
  stories: {
    file: string;
    passed: boolean;
    out: unknown[];
    differences?: { message: string }[];
    problems?: unknown[];
  }[];
};

describe('wedsync simulate --story', () => {
  it('runs every saved story as it expects, with a summary', async () => {
    const { code, stdout } = await wedsync([
      'simulate',
      '--story',
      ...stories.map((name) => STORIES + name),
      '--journeys',
      STARTERS,
    ]);
    expect(stdout).toContain(`${stories.length} stories: ${stories.length} as expected, 0 not.`);
    expect(stdout.match(/^✓ /gm)).toHaveLength(stories.length);
    expect(code).toBe(0);
  });

  it('tells every difference and exits with 1, and the other stories run all the same', async () => {
    const story = readFileSync(`${STORIES}01-photographer-all-in-order.yaml`, 'utf8');
    const at = await files({
      'changed.yaml': story.replace('2026-11-23T15:05', '2026-11-23T15:06').replace('step: back_up', 'step: gone'),
    });
    const args = [
      'simulate',
      '--story',
      at('changed.yaml'),
      `${STORIES}03-enquiry-answered-then-booked.yaml`,
      '--journeys',
      STARTERS,
    ];
    const { code, stdout } = await wedsync(args);
    expect(code).toBe(1);
    expect(stdout).toContain('differs  "welcome": the time is 2026-11-23 at 15:05, expected 2026-11-23 at 15:06.');
    expect(stdout).toContain('"gone" should have gone out');
    expect(stdout).toContain('"back_up" went out on 2027-06-13 at 08:00, which the story does not expect.');
    expect(stdout).toContain('2 stories: 1 as expected, 1 not.');
    const json = await wedsync([...args, '--json']);
    const results = JSON.parse(json.stdout) as Results;
    expect(results.passed).toBe(false);
    expect(results.stories.map(({ passed, differences }) => [passed, differences?.length])).toEqual([
      [false, 3],
      [true, 0],
    ]);
  });

  it('points out an event of one’s own that is nearly one of ours, and nothing else', async () => {
    const story = readFileSync(`${STORIES}01-photographer-all-in-order.yaml`, 'utf8');
    const rows = ['form.submited', 'gallery.opened', 'shop'].map(
      (what) => `  - { at: "2026-11-24T10:00", do: ${what} }`,
    );
    const named = '  - { at: "2026-11-24T10:00", do: event, name: shop }';
    const at = await files({ 'slip.yaml': story.replace('script:\n', `script:\n${[...rows, named].join('\n')}\n`) });
    const { code, stdout } = await wedsync(['simulate', '--story', at('slip.yaml'), '--journeys', STARTERS]);
    expect(code).toBe(0);
    expect(stdout.match(/warning .*/g)).toEqual([
      expect.stringContaining(
        'row 1 of the script: "form.submited" is taken as an event of your own. Did you mean "form.submitted"?',
      ),
      expect.stringContaining(
        '"shop" is taken as an event of your own. Did you mean "stop"? If not, write { do: event, name: shop }.',
      ),
    ]);
  });

  it('finds the journey beside the folder of the story, or by its path', async () => {
    const story = `title: Small\njourney: ./journey.yaml\nzone: Europe/London\nclient: { weddingOn: "2027-06-12" }\nstart: { event: client.booked, at: "2026-11-20T10:00" }\nexpect: { until: "2026-12-01T00:00", out: [{ at: "2026-11-20T11:00", step: welcome, type: email }] }\n`;
    const at = await files({
      'story.yaml': story,
      'journey.yaml': JOURNEY,
      'lost.yaml': story.replace('./journey.yaml', 'journey'),
    });
    expect((await wedsync(['simulate', '--story', at('story.yaml')])).code).toBe(0);
    const lost = await wedsync(['simulate', '--story', at('lost.yaml')]);
    expect(lost.code).toBe(2);
    expect(lost.stderr).toMatch(
      /tells of the journey "journey", but .*journeys has no journey\.yaml\. Say where it is with --journeys/,
    );
  });

  it('says what is wrong with a story or its journey, with line and column, and runs the others', async () => {
    const good = readFileSync(`${STORIES}03-enquiry-answered-then-booked.yaml`, 'utf8');
    const at = await files({
      'bad.yaml': good.replace('zone: Europe/London', 'zone: Europe/Londn'),
      'good.yaml': good,
    });
    const { code, stdout } = await wedsync([
      'simulate',
      '--story',
      at('bad.yaml'),
      at('good.yaml'),
      '--journeys',
      STARTERS,
    ]);
    expect(code).toBe(1);
    expect(stdout).toMatch(/bad\.yaml:\d+:\d+ {2}error {2}zone: /);
    expect(stdout).toContain('2 stories: 1 as expected, 1 not.');
  });
});

describe('wedsync simulate', () => {
  const SCRIPT = `- { at: "2026-12-01T12:00", do: wedding_date.set, weddingOn: "2027-07-10" }\n`;

  it('prints the dated log of a rehearsal with what happens from outside', async () => {
    const at = await files({ 'journey.yaml': JOURNEY, 'couple.yaml': FACTS, 'events.yaml': SCRIPT });
    const { code, stdout, stderr } = await wedsync([
      'simulate',
      at('journey.yaml'),
      '--facts',
      at('couple.yaml'),
      '--script',
      at('events.yaml'),
    ]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.split('\n').map((line) => line.split(/ {2,}/).filter((cell) => cell !== ''));
    expect(lines[1]?.slice(0, 5)).toEqual(['Fri 2026-11-20 11:00', 'Europe/London', 'welcome', 'email', 'sent']);
    expect(lines[2]).toEqual(['Tue 2026-12-01 12:00', 'wedding_date.set', 'event']);
    expect(lines[3]?.slice(0, 5)).toEqual(['Fri 2027-04-09 09:00', 'Europe/London', 'reminder', 'email', 'sent']);
    expect(stdout).toContain('Finished: the journey is completed.');
  });

  it('looks no further than asked', async () => {
    const at = await files({ 'journey.yaml': JOURNEY, 'couple.yaml': FACTS });
    const { stdout } = await wedsync([
      'simulate',
      at('journey.yaml'),
      '--facts',
      at('couple.yaml'),
      '--until',
      '2026-12-31',
      '--json',
    ]);
    const { log, plan } = JSON.parse(stdout) as { log: unknown[]; plan: unknown };
    expect(log).toMatchObject([{ key: 'welcome', fate: 'sent' }]);
    expect(plan).toMatchObject({ status: 'active', steps: [{ state: 'done' }, { state: 'planned' }] });
  });

  it('says what is wrong with a script', async () => {
    const at = await files({
      'journey.yaml': JOURNEY,
      'couple.yaml': FACTS,
      'events.yaml': '- { at: tomorrow, do: reply }\n',
    });
    const { code, stderr } = await wedsync([
      'simulate',
      at('journey.yaml'),
      '--facts',
      at('couple.yaml'),
      '--script',
      at('events.yaml'),
    ]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/events\.yaml:1:9 {2}error {2}\[0\]\.at: .*local time/);
  });

  it.each([
    ['no journey', ['simulate'], /which journey\?/],
    ['no couple', ['simulate', 'x.yaml'], /for which couple\?/],
    [
      'a journey beside stories',
      ['simulate', 'x.yaml', '--story', 'y.yaml'],
      /leave the journey out|there is no such file/,
    ],
    ['a story that is not there', ['simulate', '--story', '/no/such.yaml'], /there is no such file/],
    ['a folder of journeys without stories', ['simulate', 'x.yaml', '--journeys', 'y'], /give --story too/],
    ['facts beside stories', ['simulate', '--story', 'x', '--facts', 'y'], /cannot be used with/],
  ])('%s: exit code 2', async (_, args, says) => {
    const { code, stderr } = await wedsync(args);
    expect(stderr).toMatch(says);
    expect(code).toBe(2);
  });
});
