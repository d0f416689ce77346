import { createHash } from 'node:crypto';

import { sql } from 'kysely';

import type { JourneyDefinition, Step } from '../journeys/definition.ts';
import type { DelayUnit } from './domain.ts';
import type { Trx } from './tenant.ts';

/**
 * Keeps a definition as the draft of a journey, which is created where no id is given. Nothing runs by it until it is
 * published.
 *
 * @returns the journey's id; null where the organization has no journey of the given id
 */
export async function saveJourneyDraft(
  trx: Trx,
  draft: { journeyId?: string; definition: JourneyDefinition; userId?: string },
): Promise<string | null> {
  const values = {
    name: draft.definition.name,
    draft: JSON.stringify(draft.definition),
    draft_changed_at: sql<Date>`now()`,
    updated_by: draft.userId ?? null,
  };
  if (draft.journeyId === undefined) {
    const created = await trx
      .insertInto('journeys')
      .values({ ...values, created_by: draft.userId ?? null })
      .returning('id')
      .executeTakeFirstOrThrow();
    return created.id;
  }
  const updated = await trx
    .updateTable('journeys')
    .set(values)
    .where('id', '=', draft.journeyId)
    .where('deleted_at', 'is', null)
    .returning('id')
    .executeTakeFirst();
  return updated?.id ?? null;
}

/**
 * Freezes a definition as the next version of a journey, with its steps as rows, and makes new couples start on it.
 * Executions that run stay on their version.
 *
 * @throws where the organization has no such journey
 */
export async function publishJourneyVersion(
  trx: Trx,
  publication: { journeyId: string; definition: JourneyDefinition; note?: string; userId?: string },
): Promise<{ journeyVersionId: string; version: number }> {
  const { journeyId, definition, note = '', userId } = publication;
  // The row lock makes two publications at once follow each other, each with a number of its own.
  await trx
    .selectFrom('journeys')
    .select('id')
    .where('id', '=', journeyId)
    .where('deleted_at', 'is', null)
    .forUpdate()
    .executeTakeFirstOrThrow();
  const frozen = JSON.stringify(definition);
  const latest = await trx
    .selectFrom('journey_versions')
    .select((eb) => eb.fn.coalesce(eb.fn.max('version'), sql<number>`0`).as('version'))
    .where('journey_id', '=', journeyId)
    .executeTakeFirstOrThrow();
  const version = latest.version + 1;
  const { id } = await trx
    .insertInto('journey_versions')
    .values({
      journey_id: journeyId,
      version,
      definition: frozen,
      definition_sha256: createHash('sha256').update(frozen).digest(),
      note,
      published_by: userId ?? null,
    })
    .returning('id')
    .executeTakeFirstOrThrow();
  await insertSteps(trx, { journeyId, journeyVersionId: id, definition });
  const events = startEventsOf(definition);
  await trx
    .updateTable('journeys')
    .set({
      name: definition.name,
      status: 'active',
      published_version: version,
      trigger_event: events[0] ?? null,
      trigger_events: events,
      trigger_config: JSON.stringify(definition.starts),
      draft: null,
      updated_by: userId ?? null,
    })
    .where('id', '=', journeyId)
    .execute();
  return { journeyVersionId: id, version };
}

/** The events a definition starts on, each once. */
export function startEventsOf(definition: JourneyDefinition): string[] {
  const { on } = definition.starts;
  const choices = typeof on === 'string' ? [on] : on.map((choice) => (typeof choice === 'string' ? choice : choice.on));
  return [...new Set(choices)];
}

async function insertSteps(
  trx: Trx,
  version: { journeyId: string; journeyVersionId: string; definition: JourneyDefinition },
): Promise<void> {
  const { definition } = version;
  const rows = [
    ...definition.steps.map((step, place) => stepRow(step, place, false)),
    ...(definition.closing ?? []).map((step, place) => stepRow(step, place, true)),
  ].map((row) => ({ journey_id: version.journeyId, journey_version_id: version.journeyVersionId, ...row }));
  if (rows.length > 0) await trx.insertInto('journey_steps').values(rows).execute();
}

function stepRow(step: Step, place: number, closing: boolean) {
  const [delay] = Object.entries(step.when?.offset ?? {}) as [DelayUnit, number][];
  return {
    step_key: step.key,
    step_type: step.type,
    name: step.name ?? ('title' in step ? step.title : step.key),
    step_config: JSON.stringify(step),
    anchor: step.when?.anchor ?? 'previous_step',
    delay_unit: delay?.[0] ?? null,
    delay_amount: delay?.[1] ?? null,
    parent_step_key: step.in?.step ?? null,
    branch: step.in?.arm ?? null,
    stage: step.stage ?? null,
    closing,
    sort_order: place,
  };
}
