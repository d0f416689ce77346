import type { Client } from 'pg';

import { openDatabase } from '../db/database.ts';
import { publishJourneyVersion, saveJourneyDraft } from '../db/journeys.ts';
import { withTenant } from '../db/tenant.ts';
import { parseDefinition } from '../journeys/definition.ts';
import { measureBare } from './bare/measure-bare.ts';
import type { Measurement } from './measure.ts';
import { count, CROWD, figure, running, until, withPlatform, type BenchPlatform } from './platform.ts';

const MEGABYTE = 1024 * 1024;
/** Enough for a steady rate. */
const BARE = 500;

/**
 * Ten thousand couples written by plain SQL in one transaction: every journey started, none twice, the memory of the
 * process that relays them bounded, and a mail that falls due meanwhile not held up. One process does it all, against
 * Temporal's development server (SQLite): the durations say nothing about a real one, so bare workflows are begun on the
 * same server before.
 */
export async function burstBench(): Promise<Measurement[]> {
  return withPlatform(seed, measure);
}

async function measure({
  admin,
  temporal,
  temporalAddress,
  seeded: organizationId,
}: BenchPlatform<string>): Promise<Measurement[]> {
  const bare = await measureBare(temporalAddress, BARE);
  // Falls due a minute from now, in the middle of the burst.
  await book(admin, organizationId, 'soon', 1);
  await until('the first journey runs', async () => (await count(admin, 'journey_executions')) === 1);
  const before = process.memoryUsage().rss;
  let peak = before;
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage().rss)), 100);
  try {
    const [cpu, begun] = [process.cpuUsage(), performance.now()];
    await book(admin, organizationId, 'burst', CROWD);
    const written = performance.now() - begun;
    const waiting = (): Promise<number> => count(admin, 'outbox', 'processed_at is null');
    const planned = (): Promise<number> => count(admin, 'journey_executions', 'planned_at is not null');
    const progress = async (): Promise<string> =>
      `${await waiting()} events wait, ${await planned()} couples are planned`;
    await until('all events are relayed', async () => (await waiting()) === 0, { progress });
    const relayed = performance.now() - begun;
    const started = CROWD + 1;
    await until('all couples are planned', async () => (await planned()) >= started, { progress });
    const begunAll = performance.now() - begun;
    const { user, system } = process.cpuUsage(cpu);
    await until('Temporal lists all of them', async () => (await running(temporal)) >= started);
    const late = await until('the mail that was due has left', async () => {
      const { rows } = await admin.query<{ late: number }>(
        `select extract(epoch from ended_at - due_at)::float8 as late from app.journey_step_executions where state = 'done'`,
      );
      return rows[0]?.late;
    });
    const executions = await count(admin, 'journey_executions');
    const twice =
      executions - (await count(admin, '(select distinct journey_id, client_id from app.journey_executions) d'));
    const perSecond = (CROWD * 1_000) / begunAll;
    return [
      figure(`${CROWD} couples written in one transaction`, written / 1_000, 's', null),
      figure('until each has its journey and the relay is idle', relayed / 1_000, 's', null),
      figure('until each is planned and sleeps', begunAll / 1_000, 's', null),
      figure('couples that begin a second', perSecond, '/s', null),
      figure('bare workflows that begin a second on this server', bare.begun, '/s', null),
      figure('ours against bare ones', perSecond / bare.begun, 'x', null),
      figure('CPU of relay and worker a couple', (user + system) / 1_000 / CROWD, 'ms', null),
      figure('executions', executions, '', { atLeast: started }),
      figure('workflows in Temporal', await running(temporal), '', { atMost: started }),
      figure('started twice', twice, '', { atMost: 0 }),
      figure('memory before the burst', before / MEGABYTE, 'MB', null),
      figure('memory at its peak', peak / MEGABYTE, 'MB', { atMost: before / MEGABYTE + 400 }),
      figure('a mail due meanwhile left after', late, 's', { atMost: 10 }),
    ];
  } finally {
    clearInterval(watch);
  }
}

/** An organization with a journey that sleeps until 2030, and one that writes a mail a minute after the booking. */
export async function seed(admin: Client, apiUrl: string): Promise<string> {
  const { rows } = await admin.query<{ id: string }>(
    `insert into app.organizations (name, slug, timezone) values ('Burst', 'burst', 'Europe/London') returning id`,
  );
  const organizationId = rows[0]?.id ?? '';
  await admin.query(
    `insert into app.communication_templates (organization_id, name, channel, subject_template, content_template, html_template)
     values ($1, 'hello', 'email', 'Hello', 'Hello', '<p>Hello</p>')`,
    [organizationId],
  );
  const sleeps = { key: 'call', type: 'task', title: 'Call', when: { anchor: 'wedding_date', offset: { days: -7 } } };
  const writes = {
    key: 'hello',
    type: 'email',
    template: 'hello',
    when: { anchor: 'journey_start', offset: { minutes: 1 } },
  };
  const database = openDatabase({ url: apiUrl, poolSize: 1 });
  for (const [tag, step] of [
    ['burst', sleeps],
    ['soon', writes],
  ] as const) {
    const starts = { on: 'client.booked', onlyIf: { field: 'client.tags', has: tag } };
    const parsed = parseDefinition({ schema: 1, name: tag, starts, steps: [step] });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const { definition } = parsed;
    await withTenant(database, { organizationId, actor: 'bench' }, async (trx) => {
      const journeyId = (await saveJourneyDraft(trx, { definition })) ?? '';
      await publishJourneyVersion(trx, { journeyId, definition });
    });
  }
  await database.close();
  return organizationId;
}

export async function book(admin: Client, organizationId: string, tag: string, couples: number): Promise<void> {
  await admin.query(
    `with c as (
       insert into app.clients (organization_id, partner_1_name, status, wedding_date, wedding_timezone, tags)
       select $1, 'Ana ' || n, 'booked', '2030-06-15', 'Europe/London', array[$2] from generate_series(1, $3::int) n
       returning organization_id, id)
     insert into app.client_contacts (organization_id, client_id, role, name, contact_type, contact_value, is_primary)
     select organization_id, id, 'partner_1', 'Ana', 'email', 'ana-' || id || '@example.com', true from c`,
    [organizationId, tag, couples],
  );
}
