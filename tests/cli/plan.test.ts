import { describe, expect, it } from 'vitest';
import { FACTS, files, JOURNEY, wedsync } from './run-wedsync.ts';

const NOW = ['--now', '2026-11-20T10:00:00Z'];

describe('wedsync plan', () => {
  it('prints local date, weekday, zone, step, state and reason, in the order of time', async () => {
    const at = await files({ 'journey.yaml': JOURNEY, 'couple.yaml': FACTS });
    const { code, stdout, stderr } = await wedsync(['plan', at('journey.yaml'), '--facts', at('couple.yaml'), ...NOW]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const lines = stdout.split('\n').map((line) => line.split(/ {2,}/));
    expect(lines[0]).toEqual(['Small: wedding on 2027-06-12, as of 2026-11-20T10:00:00Z']);
    expect(lines[2]).toEqual(['When', 'Zone', 'Step', 'Type', 'State', 'Why']);
    expect(lines[3]?.slice(0, 5)).toEqual(['Fri 2026-11-20 11:00', 'Europe/London', 'welcome', 'email', 'planned']);
    expect(lines[4]).toEqual([
      'Fri 2027-03-12 09:00',
      'Europe/London',
      'reminder',
      'email',
      'planned',
      "Moved from Sunday 14 March to Friday 12 March because you don't work on Sundays.",
    ]);
    expect(stdout).toContain('Next: wait until 2026-11-20T11:00:00Z.');
  });

  it('prints the plan as JSON', async () => {
    const at = await files({ 'journey.yaml': JOURNEY, 'couple.yaml': FACTS });
    const { code, stdout } = await wedsync([
      'plan',
      at('journey.yaml'),
      '--facts',
      at('couple.yaml'),
      ...NOW,
      '--json',
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({
      status: 'active',
      next: { kind: 'wait', until: '2026-11-20T11:00:00Z' },
      steps: [
        { key: 'welcome', dueAt: '2026-11-20T11:00:00Z' },
        { key: 'reminder', local: '2027-03-12T09:00' },
      ],
    });
  });

  it('plans a couple given by dates alone, as of its booking', async () => {
    const at = await files({ 'journey.yaml': JOURNEY });
    const plan = async (...args: string[]): Promise<string> =>
      (await wedsync(['plan', at('journey.yaml'), ...args])).stdout;
    const couple = ['--wedding', '2027-06-12', '--zone', 'Europe/London'];
    expect(await plan(...couple, '--booked', '2026-11-20')).toContain('Fri 2026-11-20 10:00');
    expect(await plan(...couple, '--booked', '2026-11-20T14:05')).toContain('Fri 2026-11-20 15:05');
    expect(await plan(...couple, '--booked', '2026-11-20T14:05:00Z')).toContain('as of 2026-11-20T14:05:00Z');
    expect(await plan('--booked', '2026-11-20')).toContain('wedding date not known');
  });

  it('takes what already happened into account', async () => {
    const ledger = `steps: [{ key: welcome, state: done, dueAt: "2026-11-20T11:00:00Z", plannedAt: "2026-11-20T10:00:00Z", endedAt: "2026-11-20T11:00:03Z" }]`;
    const at = await files({ 'journey.yaml': JOURNEY, 'couple.yaml': FACTS, 'ledger.yaml': ledger });
    const { stdout } = await wedsync([
      'plan',
      at('journey.yaml'),
      '--facts',
      at('couple.yaml'),
      '--ledger',
      at('ledger.yaml'),
      '--now',
      '2026-12-01T10:00:00Z',
      '--json',
    ]);
    expect(JSON.parse(stdout)).toMatchObject({ steps: [{ key: 'welcome', state: 'done' }, { state: 'planned' }] });
  });

  it('reads JSON files too, with a byte order mark or without', async () => {
    const json = JSON.stringify({
      organization: { zone: 'Europe/London' },
      execution: { startedAt: '2026-11-20T10:00:00Z' },
    });
    const at = await files({ 'journey.yaml': JOURNEY, 'couple.json': `\uFEFF${json}` });
    expect((await wedsync(['plan', at('journey.yaml'), '--facts', at('couple.json'), ...NOW])).code).toBe(0);
  });

  it('has no colours outside a terminal, whatever the environment of a build server says', async () => {
    const at = await files({ 'journey.yaml': JOURNEY, 'couple.yaml': FACTS });
    const { stdout } = await wedsync(['plan', at('journey.yaml'), '--facts', at('couple.yaml'), ...NOW], {
      env: { CI: 'true', FORCE_COLOR: '1' },
    });
    expect(stdout).not.toContain('\u001B');
  });

  it('lets no file repaint the terminal', async () => {
    const at = await files({ 'journey.yaml': JOURNEY.replace('Small', '"\\e[2Jgone\\u202E"'), 'couple.yaml': FACTS });
    const { code, stdout } = await wedsync(['plan', at('journey.yaml'), '--facts', at('couple.yaml'), ...NOW]);
    expect(code).toBe(0);
    expect(stdout).toContain('?[2Jgone?: wedding');
  });
});

describe('wedsync plan, when something is wrong', () => {
  it('says what is wrong with the journey and with the facts, each with line and column, and exits with 1', async () => {
    const at = await files({
      'journey.yaml': JOURNEY.replace('days: working', 'ifpast: skip'),
      'couple.yaml': FACTS.replace('weddingOn', 'weddinOn'),
    });
    const { code, stdout, stderr } = await wedsync(['plan', at('journey.yaml'), '--facts', at('couple.yaml'), ...NOW]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(
      `${at('journey.yaml')}:9:11  error  steps[1].when: "ifpast" is not known here: did you mean "ifPast"?`,
    );
    expect(stderr).toContain(
      `${at('couple.yaml')}:2:21  error  client.weddinOn: "weddinOn" is not known here: did you mean "weddingOn"?`,
    );
  });

  it('says so as JSON where JSON was asked for', async () => {
    const at = await files({ 'journey.yaml': 'schema: 1', 'couple.yaml': FACTS });
    const { code, stdout } = await wedsync([
      'plan',
      at('journey.yaml'),
      '--facts',
      at('couple.yaml'),
      ...NOW,
      '--json',
    ]);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toMatchObject({
      problems: [{ file: at('journey.yaml'), path: 'name', line: 1, column: 1 }, {}, {}],
    });
  });

  it.each([
    ['a quote that does not end', 'name: "x', /:1:9 .*Not valid YAML/],
    ['a key twice', 'name: x\nname: y', /:2:1 .*Not valid YAML: .*unique/],
    ['brackets that do not end', 'steps: [[[[', /Not valid YAML/],
    [
      'aliases that explode',
      `a: &a [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 9 }, (_, i) => `${'bcdefghij'[i]}: &${'bcdefghij'[i]} [${Array(9).fill(`*${'abcdefghi'[i]}`).join(',')}]`).join('\n')}`,
      /cannot be read: .*alias/i,
    ],
    ['nested beyond reason', '['.repeat(50_000), /cannot be read: it is nested too deep|Not valid YAML/],
    ['no object at all', '- 1', /error {2}.*a list stands where an object/],
    ['nothing', '', /error {2}null stands where an object/],
  ])('%s', async (_, content, says) => {
    const at = await files({ 'journey.yaml': content });
    const { code, stderr } = await wedsync(['plan', at('journey.yaml'), '--booked', '2026-11-20']);
    expect(code).toBe(1);
    expect(stderr).toMatch(says);
    expect(stderr).not.toMatch(/\n\s+at /);
  });

  it.each([
    [
      'a file that is not there',
      ['plan', '/no/such/journey.yaml', '--booked', '2026-11-20'],
      /cannot read \/no\/such\/journey.yaml: there is no such file/,
    ],
    ['a folder', ['plan', '/', '--booked', '2026-11-20'], /it is a folder/],
    ['no journey', ['plan'], /which journey\?/],
    ['no couple', ['plan', 'x.yaml'], /for which couple\? Give --facts/],
    [
      'two couples',
      ['plan', 'x.yaml', '--facts', 'a', '--wedding', '2027-06-12'],
      /leave --wedding, --booked and --zone out/,
    ],
    [
      'a day that does not exist',
      ['plan', 'x.yaml', '--booked', '2026-11-20', '--wedding', '2027-02-30'],
      /2027-02-30 does not exist in the calendar/,
    ],
    ['a date the other way round', ['plan', 'x.yaml', '--booked', '20/11/2026'], /is no date. Write year-month-day/],
    ['an hour that does not exist', ['plan', 'x.yaml', '--booked', '2026-11-20T25:00'], /is no moment in the calendar/],
    [
      'a zone that does not exist',
      ['plan', 'x.yaml', '--booked', '2026-11-20', '--zone', 'Europe/Londn'],
      /not a zone of the IANA database/,
    ],
    [
      'an option that does not exist',
      ['plan', 'x.yaml', '--fact', 'a'],
      /unknown option '--fact'.*\n?.*Did you mean --facts/,
    ],
    ['a file beside --stdin', ['plan', 'x.yaml', '--stdin'], /leave the file out/],
    ['facts beside --stdin', ['plan', '--stdin', '--facts', 'x'], /cannot be used with/],
  ])('%s is a wrong usage: exit code 2', async (_, args, says) => {
    const { code, stderr, stdout } = await wedsync(args);
    expect(stderr).toMatch(says);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  });

  it('tells in its help what it takes, with examples and exit codes', async () => {
    const { code, stdout } = await wedsync(['plan', '--help']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/Exit codes: 0 planned, 1 .*, 2 usage/);
    expect(stdout).toContain('wedsync plan journey.yaml --wedding 2027-06-12 --booked 2026-11-20 --zone Europe/London');
  });
});
