import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Client } from 'pg';
import { z } from 'zod';

const devFile = z.strictObject({
  pid: z.int(),
  apiUrl: z.url(),
  metricsUrl: z.url(),
  inboxUrl: z.url(),
  smtpUrl: z.string().startsWith('smtp://'),
  temporalAddress: z.string().regex(/^127\.0\.0\.1:\d+$/),
  temporalNamespace: z.literal('default'),
  temporalUiUrl: z.url(),
  databaseUrl: z.string().startsWith('postgres://postgres:'),
  databaseUrls: z.strictObject({
    api: z.string().startsWith('postgres://app_api:'),
    worker: z.string().startsWith('postgres://app_worker:'),
    relay: z.string().startsWith('postgres://app_relay:'),
  }),
});
type DevFile = z.infer<typeof devFile>;

interface Dev {
  readonly child: ChildProcess;
  readonly info: DevFile;
  readonly output: () => string;
}

const CLI = new URL('../../cli/wedsync.ts', import.meta.url).pathname;
const {
  DATABASE_URL: _database,
  TEMPORAL_ADDRESS: _temporal,
  SMTP_URL: _smtp,
  PORT: _port,
  ...ENVIRONMENT
} = process.env;

let folder: string;
const children: ChildProcess[] = [];
beforeAll(async () => {
  folder = await mkdtemp('/tmp/wedsync-test-dev-');
  // Open to the account that runs Postgres where root runs the test, as a checkout usually is.
  await chmod(folder, 0o755);
});
afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await rm(folder, { recursive: true, force: true });
});

/** Starts `wedsync dev` and waits until it has printed what will go out. */
async function startDev(...options: string[]): Promise<Dev> {
  const child = spawn(process.execPath, [CLI, 'dev', '--data', folder, ...options], {
    env: ENVIRONMENT,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  children.push(child);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await until('everything runs', async () => {
    if (child.exitCode !== null) throw new Error(`wedsync dev ended with ${child.exitCode}:\n${output}`);
    return output.includes('Ctrl-C stops everything') || null;
  });
  return { child, info: devFile.parse(JSON.parse(await readFile(`${folder}/dev.json`, 'utf8'))), output: () => output };
}

/** Asks until there is an answer. The deadline ends a broken test, no test depends on it. */
async function until<Answer>(what: string, ask: () => Promise<Answer | null>): Promise<Answer> {
  const deadline = Date.now() + 240_000;
  while (Date.now() < deadline) {
    const answer = await ask();
    if (answer !== null) return answer;
    await delay(100);
  }
  throw new Error(`Waited in vain until ${what}.`);
}

async function query<Row extends object>(info: DevFile, text: string, values: unknown[] = []): Promise<Row[]> {
  const client = new Client({ connectionString: info.databaseUrl });
  await client.connect();
  try {
    return (await client.query<Row>(text, values)).rows;
  } finally {
    await client.end();
  }
}

async function mailsTo(info: DevFile, address: string): Promise<number> {
  const answer = await fetch(new URL(`/api/messages?to=${encodeURIComponent(address)}`, info.inboxUrl));
  return z.object({ total: z.int() }).parse(await answer.json()).total;
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

/** Process ids of the servers that `wedsync dev` started. */
async function serverPids(): Promise<number[]> {
  const files = [`${folder}/postgres/data/postmaster.pid`, `${folder}/temporal/temporal.pid`];
  const texts = await Promise.all(files.map((file) => readFile(file, 'utf8')));
  return texts.map((text) => Number(text.split('\n')[0]));
}

describe('wedsync dev', () => {
  it('runs the main job on an empty machine, stops without a trace, goes on where it was, and recovers from kill -9', async () => {
    const first = await startDev();
    expect(first.output()).toContain('The next things that will go out');

    // A couple of the demo booked an hour ago: its welcome goes within seconds.
    await until('a welcome mail arrived', async () =>
      (await mailsTo(first.info, 'niamh.osullivan@example.com')) > 0 ? true : null,
    );
    const page = await (await fetch(first.info.apiUrl)).text();
    expect(page).toContain('Wildflower Photography');
    expect(await (await fetch(first.info.metricsUrl)).text()).toMatch(/^temporal_worker_task_slots_available\{/m);
    const ready = await fetch(new URL('/readyz', first.info.apiUrl));
    expect(await ready.json()).toMatchObject({
      status: 'ready',
      checks: { postgres: 'ok', temporal: 'ok', worker: 'ok', migrations: 'ok' },
    });

    await until('every couple of the demo is on its journeys', async () => {
      const [open] = await query<{ events: number }>(
        first.info,
        'select count(*)::int as events from app.outbox where processed_at is null',
      );
      return open?.events === 0 ? true : null;
    });
    const [before] = await query(
      first.info,
      'select count(*)::int as executions, min(id::text) as one from app.journey_executions',
    );
    const pids = await serverPids();
    expect(pids.every(isAlive)).toBe(true);
    first.child.kill('SIGINT');
    const [code] = (await once(first.child, 'exit')) as [number | null];
    expect(first.output()).toContain('Everything has stopped.');
    expect(code).toBe(0);
    expect(pids.some(isAlive)).toBe(false);
    await expect(readFile(`${folder}/dev.json`)).rejects.toThrow('ENOENT');

    const second = await startDev();
    expect(
      await query(second.info, 'select count(*)::int as executions, min(id::text) as one from app.journey_executions'),
    ).toEqual([before]);
    second.child.kill('SIGKILL');
    await once(second.child, 'exit');

    const third = await startDev();
    expect(
      await query(third.info, 'select count(*)::int as executions, min(id::text) as one from app.journey_executions'),
    ).toEqual([before]);
    // A balance is paid, by any program: its thank-you goes a quarter of an hour later, and the reminders stop.
    const [payment] = await query<{ clientId: string }>(
      third.info,
      `update app.payments set status = 'succeeded'
        where id = (select p.id from app.payments p join app.organizations o on o.id = p.organization_id
                     where o.slug = 'thyme-and-table' and p.kind = 'balance' and p.status = 'pending'
                     order by p.due_on desc limit 1)
        returning client_id as "clientId"`,
    );
    await until('the payment has changed the plan', async () => {
      const steps = await query<{ key: string; state: string; inMinutes: number | null }>(
        third.info,
        `select x.step_key as key, x.state, extract(epoch from x.scheduled_for - now())::float / 60 as "inMinutes"
           from app.journey_step_executions x join app.journey_executions e on e.id = x.execution_id
          where e.client_id = $1 and x.step_key in ('balance_paid', 'thank_you', 'balance_reminder')
            and exists (select from app.journeys j where j.id = e.journey_id and j.name = 'Deposit and balance')`,
        [payment?.clientId],
      );
      const of = (key: string) => steps.find((step) => step.key === key);
      if (of('balance_paid')?.state !== 'done') return null;
      expect(of('thank_you')).toMatchObject({ state: 'planned' });
      expect(of('thank_you')?.inMinutes).toBeGreaterThan(5);
      expect(of('thank_you')?.inMinutes).toBeLessThan(16);
      expect(of('balance_reminder')?.state).not.toBe('planned');
      return true;
    });
    third.child.kill('SIGINT');
    await once(third.child, 'exit');
    // Three starts of everything: on a busy machine that is long, and says nothing about what is promised.
  }, 900_000);

  it.each([
    ['a busy port', ['--port', 'BUSY'], {}, /Port \d+ is used by another program/],
    [
      'a database that is not there',
      [],
      { DATABASE_URL: 'postgres://nobody@127.0.0.1:9/none' },
      /DATABASE_URL leads to 127\.0\.0\.1:9\/none as nobody.*ECONNREFUSED/,
    ],
    [
      'a Temporal that is not there',
      [],
      { TEMPORAL_ADDRESS: '127.0.0.1:9' },
      /TEMPORAL_ADDRESS is 127\.0\.0\.1:9.*unset TEMPORAL_ADDRESS/,
    ],
    ['a setting that is unusable', [], { DATABASE_URL: 'mysql://x/y' }, /DATABASE_URL: is not a Postgres URL/],
  ])('says what is wrong with %s, and leaves nothing running', async (_what, options, environment, message) => {
    const other = await import('node:net').then(({ createServer }) => createServer().listen(0, '127.0.0.1'));
    await once(other, 'listening');
    const address = other.address();
    const busy = typeof address === 'object' && address !== null ? String(address.port) : '';
    const data = await mkdtemp('/tmp/wedsync-test-dev-');
    const child = spawn(
      process.execPath,
      [CLI, 'dev', '--data', data, ...options.map((option) => (option === 'BUSY' ? busy : option))],
      { env: { ...ENVIRONMENT, ...environment }, stdio: ['ignore', 'ignore', 'pipe'] },
    );
    children.push(child);
    let errors = '';
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number | null];
    other.close();
    expect(errors).toMatch(message);
    expect(errors).not.toMatch(/\n\s+at /);
    expect(code).toBe(2);
    await expect(readFile(`${data}/postgres/data/postmaster.pid`)).rejects.toThrow('ENOENT');
    await expect(readFile(`${data}/temporal/temporal.pid`)).rejects.toThrow('ENOENT');
    await rm(data, { recursive: true, force: true });
  });
});
