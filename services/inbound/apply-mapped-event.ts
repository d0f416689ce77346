import {
  applyMapping,
  type ClientRef,
  type MappedChange,
  type MappingProblem,
} from '../../channels/intake/apply-mapping.ts';
import { mappingSchema } from '../../channels/intake/mapping-schema.ts';
import { findPublishedForm, keepAnswers } from '../../db/forms.ts';
import type { EventEnd, OpenEvent } from '../../db/inbound.ts';
import {
  addOutsideClient,
  addOutsideEvent,
  changeOutsideClient,
  findOutsideClients,
  lockOutsideClient,
  putOutsidePayment,
} from '../../db/mapped-changes.ts';
import type { Trx } from '../../db/tenant.ts';
import { fillCoreFields } from '../forms/answer-form.ts';
import { checkAnswers } from '../forms/check-answers.ts';
import { formDefinitionSchema } from '../forms/form-definition.ts';

/** Thrown to take back what was done of a message that cannot be done as a whole. */
export class MappedEventError extends Error {
  override readonly name = 'MappedEventError';
}

/**
 * Does what an event of another program means by its endpoint's mapping: all of it, or nothing.
 *
 * @throws MappedEventError where the rows forbid it; what was written before must be rolled back
 */
export async function applyMappedEvent(trx: Trx, event: OpenEvent): Promise<EventEnd> {
  if (event.mapping === null) {
    return { kind: 'failed', reason: 'This address has no mapping yet, so it is not known what its events mean.' };
  }
  const mapping = mappingSchema.safeParse(event.mapping);
  if (!mapping.success) return { kind: 'failed', reason: `The mapping cannot be used: ${mapping.error.message}` };
  const outcome = applyMapping(mapping.data, event.payload);
  if (outcome.kind === 'ignored') return { kind: 'ignored', reason: 'No rule of the mapping is about this event.' };
  if (outcome.kind === 'problems') return { kind: 'failed', reason: sentence(outcome.problems) };
  const id = outcome.eventId === null ? event.externalId : `id:${outcome.eventId}`;
  for (const [index, change] of outcome.changes.entries()) {
    await apply(trx, change, `inbound/${event.endpointId ?? ''}/${id}/${index}`, event.receivedAt);
  }
  return { kind: 'processed' };
}

async function apply(trx: Trx, change: MappedChange, key: string, receivedAt: Date): Promise<void> {
  const known = await findClient(trx, change.client);
  if (change.do === 'upsert_client') {
    const client = {
      ...change.set,
      externalId: change.client.externalId,
      email: change.set.email ?? emailOf(change.client),
    };
    if (known === null) await addOutsideClient(trx, client);
    else await changeOutsideClient(trx, known, client);
    return;
  }
  const clientId = known ?? fail('There is no couple with this id or address.');
  switch (change.do) {
    case 'event': {
      const at = change.at === null ? receivedAt : new Date(change.at);
      return addOutsideEvent(trx, { clientId, name: change.name, data: change.data, at, dedupKey: key });
    }
    case 'payment':
      return putOutsidePayment(trx, { clientId, ...change.payment });
    case 'form':
      return submitForm(trx, clientId, change, key, receivedAt);
    default:
      throw new Error(`Unknown change ${JSON.stringify(change satisfies never)}`);
  }
}

async function findClient(trx: Trx, ref: ClientRef): Promise<string | null> {
  // Both words, in one order, so that a message by the id and one by the address meet.
  for (const word of [ref.externalId, ref.email]) if (word !== null) await lockOutsideClient(trx, word);
  const [first, second] = await findOutsideClients(trx, ref);
  if (second !== undefined)
    fail('Several couples have this address, and the message names none of them by its id. Map client.externalId.');
  // Two ids are two couples, or one mistake: one may have booked twice, or both use the planner's address.
  if (
    first !== undefined &&
    ref.externalId !== null &&
    first.externalId !== null &&
    first.externalId !== ref.externalId
  )
    fail(
      `The address belongs to a couple that is known by another id, "${first.externalId}", not "${ref.externalId}". Correct the id or the address there or here, archive the couple if this is another booking, or map no externalId; then replay.`,
    );
  return first?.id ?? null;
}

function emailOf({ email }: ClientRef): string | undefined {
  return email !== null && /^[^\s@]+@[^\s@]+$/.test(email) ? email : undefined;
}

async function submitForm(
  trx: Trx,
  clientId: string,
  change: Extract<MappedChange, { do: 'form' }>,
  dedupKey: string,
  receivedAt: Date,
): Promise<void> {
  const form = (await findPublishedForm(trx, change.form)) ?? fail(`There is no published form "${change.form}".`);
  const definition = formDefinitionSchema.parse(form.definition);
  const texts = new Map(Object.entries(change.answers).map(([name, answer]) => [name, asTexts(answer)]));
  const evidence = { at: receivedAt, address: '', browser: 'another program' };
  const { answers, problems } = checkAnswers(definition, texts, true, evidence);
  if (problems.length > 0) fail(problems.map(({ key, message }) => `${key}: ${message}`).join(' '));
  const { formId, formVersionId } = form;
  const isNew = await keepAnswers(trx, { formId, formVersionId, clientId, answers, isFinal: true, dedupKey });
  if (isNew) await fillCoreFields(trx, clientId, definition, answers);
}

function asTexts(answer: string | number | boolean | string[]): string[] {
  if (typeof answer === 'boolean') return [answer ? 'yes' : 'no'];
  return Array.isArray(answer) ? answer : [String(answer)];
}

function fail(message: string): never {
  throw new MappedEventError(message);
}

function sentence(problems: readonly MappingProblem[]): string {
  return problems
    .map(({ rule, field, message }) => `${rule === 0 ? '' : `Rule ${rule}, `}${field}: ${message}.`)
    .join(' ');
}
