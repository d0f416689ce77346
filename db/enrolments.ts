import { sql } from 'kysely';

import type { JourneyDefinition } from '../journeys/definition.ts';
import type { Trx } from './tenant.ts';

/** A journey whose published version starts on some event. */
export interface StartableJourney {
  readonly journeyId: string;
  readonly journeyVersionId: string;
  readonly definition: JourneyDefinition;
}

/** The active journeys of the organization whose published version starts on one of the events. */
export async function journeysStartingOn(trx: Trx, events: readonly string[]): Promise<StartableJourney[]> {
  const { rows } = await sql<StartableJourney>`/* journeys_starting_on */
    select j.id as "journeyId", v.id as "journeyVersionId", v.definition
    from app.journeys j
    join app.journey_versions v
      on v.organization_id = j.organization_id and v.journey_id = j.id and v.version = j.published_version
    where j.organization_id = (select app.current_org_id()) and j.status = 'active' and j.deleted_at is null
      and j.trigger_events && ${events}::text[]
    order by j.created_at, j.id
  `.execute(trx);
  return rows;
}

/** The active journeys of the organization that a couple is not on and never was. */
export async function journeysNotBegun(
  trx: Trx,
  clientId: string,
): Promise<(StartableJourney & { readonly name: string })[]> {
  const { rows } = await sql<StartableJourney & { name: string }>`
    select j.id as "journeyId", v.id as "journeyVersionId", v.definition, j.name
    from app.journeys j
    join app.journey_versions v
      on v.organization_id = j.organization_id and v.journey_id = j.id and v.version = j.published_version
    where j.organization_id = (select app.current_org_id()) and j.status = 'active' and j.deleted_at is null
      and not exists (select from app.journey_executions e
        where e.organization_id = j.organization_id and e.journey_id = j.id and e.client_id = ${clientId})
    order by j.name, j.id
  `.execute(trx);
  return rows;
}

/** What a couple would get that is put on a journey now; null where the journey is unknown or not published. */
export async function publishedVersion(
  trx: Trx,
  journeyId: string,
): Promise<{ journeyVersionId: string; version: number; name: string; definition: JourneyDefinition } | null> {
  const { rows } = await sql<{
    journeyVersionId: string;
    version: number;
    name: string;
    definition: JourneyDefinition;
  }>`
    select v.id as "journeyVersionId", v.version, j.name, v.definition
    from app.journeys j
    join app.journey_versions v
      on v.organization_id = j.organization_id and v.journey_id = j.id and v.version = j.published_version
    where j.organization_id = (select app.current_org_id()) and j.id = ${journeyId} and j.deleted_at is null
  `.execute(trx);
  return rows[0] ?? null;
}

/** One version of a journey by its number; null where there is none. */
export async function loadVersion(
  trx: Trx,
  journeyId: string,
  version: number,
): Promise<{ journeyVersionId: string; definition: JourneyDefinition } | null> {
  const { rows } = await sql<{ journeyVersionId: string; definition: JourneyDefinition }>`
    select id as "journeyVersionId", definition from app.journey_versions
    where organization_id = (select app.current_org_id()) and journey_id = ${journeyId} and version = ${version}
  `.execute(trx);
  return rows[0] ?? null;
}

export interface NewExecution {
  readonly journeyId: string;
  readonly journeyVersionId: string;
  readonly clientId: string;
  /** The occurrence that sets it off: the same one never makes two. */
  readonly triggerKey: string;
  readonly triggerEvent: string;
  readonly triggerRef: string | null;
  readonly triggerAt: Date;
  readonly triggerDetails: Readonly<Record<string, unknown>>;
  readonly startedAt: Date;

  /** What forbids it: any earlier execution of the couple on this journey, one that still runs, or none. */
  readonly unlessEarlier: 'any_before' | 'running' | 'no_matter';
}

/**
 * Creates an execution in the next generation, unless this very trigger made one before or an earlier one forbids it.
 *
 * @returns its id, or null where none was made
 */
export async function insertExecution(trx: Trx, execution: NewExecution): Promise<string | null> {
  const [id] = await insertExecutions(trx, [execution]);
  return id ?? null;
}

/**
 * The same for many at once, in one statement.
 *
 * @param executions none of them of the same couple on the same journey as another
 * @returns their ids in the same order, null where none was made
 */
export async function insertExecutions(trx: Trx, executions: readonly NewExecution[]): Promise<(string | null)[]> {
  if (executions.length === 0) return [];
  const { rows } = await sql<{ id: string; place: number }>`/* insert_executions */
    with wanted as materialized (
      select w.*, c.id as couple, earlier.*
      from jsonb_to_recordset(${JSON.stringify(executions.map((one, place) => ({ ...one, place })))}::jsonb) as w(
        place int, "journeyId" uuid, "journeyVersionId" uuid, "clientId" uuid, "triggerKey" text, "triggerEvent" text,
        "triggerRef" text, "triggerAt" timestamptz, "triggerDetails" jsonb, "startedAt" timestamptz, "unlessEarlier" text)
      join app.clients c on c.id = w."clientId" and c.deleted_at is null
      cross join lateral (
        select count(*) as everything, count(*) filter (where completed_at is null) as running,
          coalesce(max(generation), 0) as generation
        from app.journey_executions e where e.journey_id = w."journeyId" and e.client_id = w."clientId"
      ) earlier
    ), made as (
      insert into app.journey_executions
        (journey_id, journey_version_id, client_id, generation, trigger_event, trigger_ref, trigger_key, trigger_at,
         trigger_details, started_at)
      select "journeyId", "journeyVersionId", couple, generation + 1, "triggerEvent", "triggerRef", "triggerKey",
        "triggerAt", "triggerDetails", "startedAt"
      from wanted
      where case "unlessEarlier" when 'any_before' then everything = 0 when 'running' then running = 0 else true end
      order by place
      on conflict do nothing
      returning id, journey_id, client_id
    )
    select made.id, wanted.place from made
    join wanted on wanted."journeyId" = made.journey_id and wanted."clientId" = made.client_id
  `.execute(trx);
  const ids = new Map(rows.map(({ place, id }) => [place, id]));
  return executions.map((_, place) => ids.get(place) ?? null);
}

/** Which couple's trigger, on which journey. */
export type Trigger = Pick<NewExecution, 'journeyId' | 'clientId' | 'triggerKey'>;

/**
 * The executions that these triggers made, while they run: their workflows may still have to be started.
 *
 * @returns their ids in the same order, null where there is none
 */
export async function runningOfTriggers(trx: Trx, triggers: readonly Trigger[]): Promise<(string | null)[]> {
  if (triggers.length === 0) return [];
  const { rows } = await sql<{ id: string; place: number }>`/* running_of_triggers */
    select e.id, t.place::int
    from unnest(${triggers.map(({ journeyId }) => journeyId)}::uuid[], ${triggers.map(({ clientId }) => clientId)}::uuid[],
      ${triggers.map(({ triggerKey }) => triggerKey)}::text[]) with ordinality as t (journey_id, client_id, trigger_key, place)
    join app.journey_executions e
      on e.journey_id = t.journey_id and e.client_id = t.client_id and e.trigger_key = t.trigger_key
    where e.organization_id = (select app.current_org_id()) and e.completed_at is null
  `.execute(trx);
  const ids = new Map(rows.map(({ place, id }) => [place, id]));
  return triggers.map((_, index) => ids.get(index + 1) ?? null);
}

/** An execution that has not ended, with what its version says about stops. */
export interface RunningExecution {
  readonly executionId: string;
  readonly definition: Pick<JourneyDefinition, 'stops'>;
}

/** The same with whose it is. */
export interface ExecutionOfCouple extends RunningExecution {
  readonly clientId: string;
  readonly journeyId: string;
}

/** The executions of these couples that have not ended, in one statement. */
export async function runningOfCouples(trx: Trx, clientIds: readonly string[]): Promise<ExecutionOfCouple[]> {
  const { rows } = await sql<ExecutionOfCouple>`/* running_of_couples */
    select e.id as "executionId", e.client_id as "clientId", e.journey_id as "journeyId",
      jsonb_build_object('stops', coalesce(v.definition -> 'stops', '[]')) as definition
    from app.journey_executions e
    join app.journey_versions v on v.organization_id = e.organization_id and v.id = e.journey_version_id
    where e.organization_id = (select app.current_org_id()) and e.completed_at is null
      and e.client_id = any (${clientIds}::uuid[])
    order by e.id
  `.execute(trx);
  return rows;
}

/**
 * The executions of the organization that have not ended: all of them, or one, or those on one journey.
 *
 * @param limit most that are returned; the next page begins after the last id of this one
 */
export async function runningOfOrganization(
  trx: Trx,
  of: { executionId?: string | undefined; journeyId?: string | undefined },
  page: { after: string | null; limit: number },
): Promise<RunningExecution[]> {
  const { rows } = await sql<RunningExecution>`/* running_of_organization */
    select e.id as "executionId", jsonb_build_object('stops', coalesce(v.definition -> 'stops', '[]')) as definition
    from app.journey_executions e
    join app.journey_versions v on v.organization_id = e.organization_id and v.id = e.journey_version_id
    where e.organization_id = (select app.current_org_id()) and e.completed_at is null
      and (${of.executionId ?? null}::uuid is null or e.id = ${of.executionId ?? null})
      and (${of.journeyId ?? null}::uuid is null or e.journey_id = ${of.journeyId ?? null})
      and (${page.after}::uuid is null or e.id > ${page.after})
    order by e.id limit ${page.limit}
  `.execute(trx);
  return rows;
}

/** Executions of these couples whose steps have all ended, that were not stopped, and that have closing steps for a stop. */
export async function endedWithClosing(trx: Trx, clientIds: readonly string[]): Promise<ExecutionOfCouple[]> {
  const { rows } = await sql<ExecutionOfCouple>`/* ended_with_closing */
    select e.id as "executionId", e.client_id as "clientId", e.journey_id as "journeyId",
      jsonb_build_object('stops', v.definition -> 'stops') as definition
    from app.journey_executions e
    join app.journey_versions v on v.organization_id = e.organization_id and v.id = e.journey_version_id
    where e.organization_id = (select app.current_org_id()) and e.client_id = any (${clientIds}::uuid[])
      and e.status = 'completed' and e.stopped_at is null
      and jsonb_typeof(v.definition -> 'stops') = 'array' and jsonb_typeof(v.definition -> 'closing') = 'array'
    order by e.id
  `.execute(trx);
  return rows;
}

/** Opens an execution again whose steps had all ended: it is stopped after all, and its closing steps have to run. */
export async function reopenForClosing(trx: Trx, executionId: string, at: string, reason: string): Promise<void> {
  await sql`
    update app.journey_executions
    set status = 'active', completed_at = null, stopped_at = ${at}, stop_reason = ${reason}
    where id = ${executionId} and status = 'completed' and stopped_at is null
  `.execute(trx);
}

/** Ends stages of an execution: their unsent steps are skipped. A stage ends once. */
export async function endStages(trx: Trx, executionId: string, stages: readonly string[], at: string): Promise<void> {
  await sql`
    update app.journey_executions e set ended_stages = e.ended_stages || coalesce((
      select jsonb_agg(jsonb_build_object('stage', stage, 'at', ${at}::text))
      from unnest(${stages}::text[]) as s (stage)
      where not e.ended_stages @> jsonb_build_array(jsonb_build_object('stage', stage))), '[]')
    where e.id = ${executionId}
  `.execute(trx);
}

/** What a workflow is started with, besides its ids: for Temporal's pages. */
export interface ExecutionHead {
  readonly executionId: string;
  readonly organizationId: string;
  readonly journeyId: string;
  readonly clientId: string;
  readonly journeyName: string;
  readonly version: number;
  readonly steps: number;
  readonly weddingOn: string | null;
  /** It waits for its batch, which starts it when its turn comes. */
  readonly waitsForBatch: boolean;
}

/** The heads of executions that have not ended. */
export async function executionHeads(trx: Trx, executionIds: readonly string[]): Promise<ExecutionHead[]> {
  const { rows } = await sql<ExecutionHead>`/* execution_heads */
    select e.id as "executionId", e.organization_id as "organizationId", e.journey_id as "journeyId",
      e.client_id as "clientId", j.name as "journeyName", v.version,
      jsonb_array_length(v.definition -> 'steps') as steps, c.wedding_date as "weddingOn",
      e.planned_at is null and b.status is not distinct from 'open' as "waitsForBatch"
    from app.journey_executions e
    join app.journeys j on j.organization_id = e.organization_id and j.id = e.journey_id
    join app.journey_versions v on v.organization_id = e.organization_id and v.id = e.journey_version_id
    join app.clients c on c.organization_id = e.organization_id and c.id = e.client_id
    left join app.enrolment_batches b on b.organization_id = e.organization_id and b.id = e.batch_id
    where e.organization_id = (select app.current_org_id()) and e.id = any (${executionIds}::uuid[])
      and e.completed_at is null
  `.execute(trx);
  return rows;
}
