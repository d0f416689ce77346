import { sql } from 'kysely';
import type { Reason } from '../journeys/reasons.ts';
import type { Trx } from './tenant.ts';

/** Rows behind the status page, for the organization of the transaction. Limits keep the page readable, not complete. */
export interface StatusRows {
  readonly counts: { couples: number; running: number; sentToday: number; attention: number; planned: number };
  readonly attention: readonly StepRow[];
  readonly team: readonly TeamRow[];
  readonly next: readonly StepRow[];
  readonly messages: readonly MessageRow[];
  readonly couples: readonly CoupleRow[];
}

export interface StepRow {
  readonly clientId: string;
  readonly couple: string;
  readonly executionId: string;
  readonly journey: string;
  readonly step: string;
  readonly type: string;
  /** Of a message: the template that it is written with. */
  readonly template: string | null;
  readonly state: string;
  /** `Fri 20 Nov 2026 09:00` in `zone`: when it goes, went, or is due. */
  readonly local: string | null;
  readonly zone: string | null;
  /** Whole minutes from now to the planned instant; null where none is planned. */
  readonly inMinutes: number | null;
  /** What the journey's steps are called, by their keys: a reason may speak of another one. */
  readonly names: Readonly<Record<string, string>>;
  /** Instant and wall time in `zone` that the rules gave, which a reason speaks of. */
  readonly dueAt: string | null;
  readonly dueLocal: string | null;
  /** As the planner recorded it. */
  readonly reason: Reason | null;
  /** What went wrong, in words, where something did. */
  readonly problem: string | null;
}

export interface MessageRow {
  readonly clientId: string;
  readonly couple: string;
  readonly channel: string;
  readonly subject: string | null;
  readonly status: string;
  readonly at: string;
  readonly problem: string | null;
}

/** An open task or an unread notification. */
export interface TeamRow {
  readonly kind: 'task' | 'notification';
  readonly title: string;
  readonly text: string;
  /** Of a task when it is due, else when it was made; local in the organization's zone. */
  readonly at: string;
  readonly clientId: string | null;
  readonly couple: string | null;
}

export interface CoupleRow {
  readonly clientId: string;
  readonly couple: string;
  readonly status: string;
  readonly weddingOn: string | null;
  readonly zone: string | null;
  readonly journeys: readonly { executionId: string; name: string; status: string; next: string | null }[];
}

const COUPLE = sql`concat_ws(' & ', nullif(c.partner_1_name, ''), nullif(c.partner_2_name, ''))`;
const LOCAL_FORMAT = sql.lit('Dy DD Mon YYYY HH24:MI');

const STEP_COLUMNS = sql`
  c.id as "clientId", ${COUPLE} as couple, e.id as "executionId", j.name as journey,
  coalesce(nullif(s.name, ''), x.step_key) || case when x.occurrence > 1 then ' (' || x.occurrence || ')' else '' end as step,
  x.step_type as type, s.step_config ->> 'template' as template, x.state, x.time_zone as zone, x.reason, x.error_message as problem,
  x.local_time as "dueLocal", to_char(x.due_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') as "dueAt",
  case when x.state = 'planned' then floor(extract(epoch from x.scheduled_for - now()) / 60)::float8 end as "inMinutes",
  coalesce((select jsonb_object_agg(n.step_key, n.name) from app.journey_steps n
    where n.organization_id = e.organization_id and n.journey_version_id = e.journey_version_id and n.name <> ''),
    '{}') as names,
  to_char(coalesce(x.ended_at, x.scheduled_for, x.due_at) at time zone coalesce(x.time_zone, 'UTC'), ${LOCAL_FORMAT}) as local`;

const STEP_TABLES = sql`
  from app.journey_step_executions x
  join app.journey_executions e on e.organization_id = x.organization_id and e.id = x.execution_id
  join app.clients c on c.organization_id = e.organization_id and c.id = e.client_id
  join app.journeys j on j.organization_id = e.organization_id and j.id = e.journey_id
  left join app.journey_steps s on s.organization_id = e.organization_id
    and s.journey_version_id = e.journey_version_id and s.step_key = x.step_key`;

/** Everything the overview shows. @param zone the organization's, for what counts as today */
export async function readStatus(trx: Trx, zone: string): Promise<StatusRows> {
  const [counts, attention, team, next, messages, couples] = [
    await readCounts(trx, zone),
    await steps(
      trx,
      sql`e.status in ('active', 'paused') and (x.state in ('failed', 'unknown')
        or x.reason ->> 'code' in ('needs_approval', 'needs_answer', 'retry'))`,
      sql`x.scheduled_for nulls last`,
      20,
    ),
    await readTeamWork(trx, zone),
    await steps(
      trx,
      sql`e.status in ('pending', 'active') and x.state = 'planned'`,
      sql`x.scheduled_for, j.name, x.id`,
      15,
    ),
    await readMessages(trx, zone, sql`true`, 15),
    await readCouples(trx, sql`c.deleted_at is null`, 200),
  ];
  return { counts, attention, team, next, messages, couples };
}

/** One couple with the whole plan of each of its journeys, newest journey first; null where there is none. */
export async function readCouple(
  trx: Trx,
  zone: string,
  clientId: string,
): Promise<{ couple: CoupleRow; steps: readonly StepRow[]; messages: readonly MessageRow[] } | null> {
  const [couple] = await readCouples(trx, sql`c.id = ${clientId}`, 1);
  if (!couple) return null;
  return {
    couple,
    steps: await steps(
      trx,
      sql`c.id = ${clientId}`,
      sql`e.started_at desc, e.id, coalesce(x.ended_at, x.scheduled_for, x.due_at) nulls last, s.sort_order`,
      1000,
    ),
    messages: await readMessages(trx, zone, sql`m.client_id = ${clientId}`, 200),
  };
}

/** What the two are called together; null where the organization has no such couple. */
export async function coupleName(trx: Trx, clientId: string): Promise<string | null> {
  const { rows } = await sql<{ couple: string }>`
    select ${COUPLE} as couple from app.clients c where c.id = ${clientId} and c.deleted_at is null`.execute(trx);
  return rows[0]?.couple ?? null;
}

async function readCounts(trx: Trx, zone: string): Promise<StatusRows['counts']> {
  const { rows } = await sql<StatusRows['counts']>`
    select
      (select count(*)::int from app.clients where deleted_at is null) as couples,
      (select count(*)::int from app.journey_executions where status in ('pending', 'active', 'paused')) as running,
      (select count(*)::int from app.communications
        where direction = 'outbound' and sent_at >= date_trunc('day', now() at time zone ${zone}) at time zone ${zone}) as "sentToday",
      (select count(*)::int from app.journey_step_executions x
        join app.journey_executions e on e.organization_id = x.organization_id and e.id = x.execution_id
        where e.status in ('active', 'paused') and (x.state in ('failed', 'unknown')
          or x.reason ->> 'code' in ('needs_approval', 'needs_answer', 'retry'))) as attention,
      (select count(*)::int from app.journey_step_executions x
        join app.journey_executions e on e.organization_id = x.organization_id and e.id = x.execution_id
        where e.status in ('pending', 'active') and x.state = 'planned') as planned`.execute(trx);
  return rows[0] ?? { couples: 0, running: 0, sentToday: 0, attention: 0, planned: 0 };
}

async function steps(
  trx: Trx,
  where: ReturnType<typeof sql>,
  order: ReturnType<typeof sql>,
  limit: number,
): Promise<readonly StepRow[]> {
  const { rows } = await sql<StepRow>`
    select ${STEP_COLUMNS} ${STEP_TABLES} where ${where} order by ${order} limit ${limit}`.execute(trx);
  return rows;
}

/** What the team has to do or to know, the most urgent first. */
async function readTeamWork(trx: Trx, zone: string): Promise<readonly TeamRow[]> {
  const { rows } = await sql<TeamRow>`
    select w.kind, w.title, w.text, to_char(w.at at time zone ${zone}, ${LOCAL_FORMAT}) as at,
      c.id as "clientId", ${COUPLE} as couple
    from (
      (select organization_id, client_id, 'notification' as kind, title, body as text, created_at as at
        from app.notifications where read_at is null order by created_at desc limit 10)
      union all
      (select organization_id, client_id, 'task', title, description, coalesce(due_at, created_at)
        from app.tasks where status = 'open' order by coalesce(due_at, created_at) limit 10)
    ) w
    left join app.clients c on c.organization_id = w.organization_id and c.id = w.client_id
    order by w.kind, w.at`.execute(trx);
  return rows;
}

async function readMessages(
  trx: Trx,
  zone: string,
  where: ReturnType<typeof sql>,
  limit: number,
): Promise<readonly MessageRow[]> {
  const { rows } = await sql<MessageRow>`
    select c.id as "clientId", ${COUPLE} as couple, m.type as channel, m.subject, m.status,
      to_char(coalesce(m.sent_at, m.updated_at) at time zone ${zone}, ${LOCAL_FORMAT}) as at, m.error_message as problem
    from app.communications m
    join app.clients c on c.organization_id = m.organization_id and c.id = m.client_id
    where ${where} order by coalesce(m.sent_at, m.updated_at) desc limit ${limit}`.execute(trx);
  return rows;
}

async function readCouples(trx: Trx, where: ReturnType<typeof sql>, limit: number): Promise<readonly CoupleRow[]> {
  const { rows } = await sql<CoupleRow>`
    select c.id as "clientId", ${COUPLE} as couple, c.status, c.wedding_date::text as "weddingOn",
      c.wedding_timezone as zone,
      coalesce((select jsonb_agg(jsonb_build_object('executionId', e.id, 'name', j.name, 'status', e.status, 'next', e.next_action)
          order by e.started_at)
        from app.journey_executions e
        join app.journeys j on j.organization_id = e.organization_id and j.id = e.journey_id
        where e.organization_id = c.organization_id and e.client_id = c.id), '[]') as journeys
    from app.clients c
    where ${where} order by c.wedding_date nulls last, c.id limit ${limit}`.execute(trx);
  return rows;
}
