import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { insertClient, insertPayment } from '../../db/clients.ts';
import { publishJourneyVersion, saveJourneyDraft } from '../../db/journeys.ts';
import { loadExecution, type LoadedExecution } from '../../db/load-execution.ts';
import { withTenant, type Trx } from '../../db/tenant.ts';
import { parseDefinition } from '../../journeys/definition.ts';
import { parseFacts, parseLedger } from '../../journeys/facts.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let db: TestDatabase;
let organizationId: string;
let clientId: string;
let executionId: string;
let versionId: string;
let journeyId: string;

const asApi = <T>(work: (trx: Trx) => Promise<T>): Promise<T> =>
  withTenant(db.api, { organizationId, actor: 'test' }, work);

const load = async (): Promise<LoadedExecution> => {
  const loaded = await asApi((trx) => loadExecution(trx, executionId));
  if (loaded === null) throw new Error('the execution is not there');
  return loaded;
};

const definition = (() => {
  const parsed = parseDefinition({
    schema: 1,
    name: 'Two steps',
    starts: { on: ['client.booked', { on: 'payment.succeeded', match: { kind: 'deposit' } }] },
    steps: [
      { key: 'welcome', type: 'email', when: { anchor: 'journey_start', offset: { hours: 1 } }, template: 'welcome' },
      { key: 'asked', type: 'condition', test: { field: 'client.tags', has: 'full_day' } },
      { key: 'call', type: 'task', in: { step: 'asked', arm: 'yes' }, title: 'Call them' },
      { key: 'write', type: 'email', in: { step: 'asked', arm: 'no' }, template: 'welcome' },
    ],
    closing: [{ key: 'bye', type: 'task', title: 'Decide on the deposit', due: { days: 2 } }],
  });
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.definition;
})();

beforeAll(async () => {
  db = await createTestDatabase();
  const [organization] = await db.query<{ id: string }>(
    `insert into app.organizations (name, slug, timezone) values ('Wildflower', 'wildflower', 'Europe/London')
     returning id`,
  );
  organizationId = organization?.id ?? '';
  await asApi(async (trx) => {
    journeyId = (await saveJourneyDraft(trx, { definition })) ?? '';
    ({ journeyVersionId: versionId } = await publishJourneyVersion(trx, { journeyId, definition }));
    clientId = await insertClient(
      trx,
      {
        partner_1_name: 'Ana',
        status: 'booked',
        wedding_date: '2027-06-12',
        wedding_time: '15:30',
        tags: ['full_day'],
      },
      [
        { role: 'partner_1', email: 'Ana@Example.com', phone: '+447700900100', isPrimary: true },
        { role: 'venue', email: 'office@example.org', timezone: 'Europe/Rome' },
      ],
    );
    const execution = await trx
      .insertInto('journey_executions')
      .values({
        journey_id: journeyId,
        journey_version_id: versionId,
        client_id: clientId,
        trigger_event: 'client.booked',
        trigger_ref: clientId,
        status: 'active',
      })
      .returning('id')
      .executeTakeFirstOrThrow();
    executionId = execution.id;
  });
});
afterAll(() => db.close());

describe('loadExecution', () => {
  it('gives facts and ledger in the form that the planner reads', async () => {
    const loaded = await load();
    expect(parseFacts(loaded.facts)).toEqual({ ok: true, facts: loaded.facts });
    expect(parseLedger(loaded.ledger)).toEqual({ ok: true, ledger: loaded.ledger });
    expect(loaded.definition).toEqual(definition);
    expect(loaded).toMatchObject({ executionId, clientId, organizationId, version: 1, journeyName: 'Two steps' });
  });

  it('keeps the wedding date a civil date and the time a wall time', async () => {
    const { client } = (await load()).facts;
    expect(client).toMatchObject({
      weddingOn: '2027-06-12',
      weddingTime: '15:30',
      weddingZone: null,
      tags: ['full_day'],
    });
  });

  it('makes one contact of the addresses of one person, the primary one first', async () => {
    const { contacts } = (await load()).facts;
    expect(contacts).toMatchObject([
      { role: 'partner_1', email: 'ana@example.com', phone: '+447700900100', isPrimary: true },
      { role: 'venue', email: 'office@example.org', zone: 'Europe/Rome', isPrimary: false },
    ]);
  });

  it('tells what happened since the start, the triggering event included', async () => {
    const names = (await load()).facts.events.map((event) => event.name);
    expect(names).toEqual(['client.created', 'client.booked', 'wedding_date.set']);
  });

  it('knows payments, forms, core fields, approvals, holds, messages and what other journeys sent', async () => {
    await asApi(async (trx) => {
      await insertPayment(trx, { client_id: clientId, kind: 'balance', amount: 120_000, due_on: '2027-05-12' });
      const form = await trx
        .insertInto('forms')
        .values({ slug: 'questionnaire', name: 'Questionnaire', status: 'published' })
        .returning('id')
        .executeTakeFirstOrThrow();
      await trx
        .insertInto('form_submissions')
        .values({ form_id: form.id, client_id: clientId, status: 'submitted', answers: '{"first_dance":"At last"}' })
        .execute();
      await trx
        .insertInto('core_field_values')
        .values({ client_id: clientId, field_key: 'guest_count', value: '80' })
        .execute();
      await trx
        .insertInto('approvals')
        .values({ execution_id: executionId, step_key: 'welcome', decision: 'approved', decided_at: new Date() })
        .execute();
      await trx.insertInto('holds').values({ scope: 'client', client_id: clientId, reason: 'on the phone' }).execute();
      await trx
        .insertInto('communications')
        .values([
          {
            client_id: clientId,
            execution_id: executionId,
            step_key: 'welcome',
            occurrence: 1,
            idempotency_key: 'a',
            type: 'email',
            status: 'delivered',
          },
          { client_id: clientId, idempotency_key: 'b', type: 'email', status: 'sent', local_on: '2199-01-02' },
        ])
        .execute();
    });
    const loaded = await load();
    expect(parseFacts(loaded.facts)).toEqual({ ok: true, facts: loaded.facts });
    expect(loaded.facts).toMatchObject({
      payments: [{ kind: 'balance', dueOn: '2027-05-12', status: 'pending', amount: 120_000, currency: 'GBP' }],
      forms: { questionnaire: { status: 'submitted', answers: { first_dance: 'At last' } } },
      core: { guest_count: 80 },
      approvals: [{ key: 'welcome', occurrence: 1, decision: 'approved' }],
      messages: { welcome: { status: 'delivered', replied: false } },
      sentOn: { '2199-01-02': 1 },
    });
    expect(loaded.facts.execution.holds).toMatchObject([{ scope: 'client', reason: 'on the phone' }]);
  });

  it('knows a hold, and its end, from the whole second on in which it came: plans know no parts of one', async () => {
    const began = '2199-03-01T10:00:05.333Z';
    const ended = '2199-03-01T10:00:09.777Z';
    const { id } = await asApi((trx) =>
      trx
        .insertInto('holds')
        .values({ scope: 'execution', execution_id: executionId, since: began, reason: 'a part of a second' })
        .returning('id')
        .executeTakeFirstOrThrow(),
    );
    const at = async (instant: string) =>
      (await asApi((trx) => loadExecution(trx, executionId, instant)))?.facts.execution;
    expect((await at('2199-03-01T10:00:04Z'))?.holds.map(({ scope }) => scope)).not.toContain('execution');
    expect((await at('2199-03-01T10:00:05Z'))?.holds.map(({ scope }) => scope)).toContain('execution');
    await asApi((trx) => trx.updateTable('holds').set({ released_at: ended }).where('id', '=', id).execute());
    expect((await at('2199-03-01T10:00:09Z'))?.resumed).toMatchObject({ at: '2199-03-01T10:00:09Z' });
    await asApi((trx) => trx.deleteFrom('holds').where('id', '=', id).execute());
  });

  it('tells how a pause ended, so that what fell due meanwhile can follow the answer', async () => {
    await asApi((trx) =>
      trx.updateTable('holds').set({ released_at: new Date(), late: 'skip' }).where('scope', '=', 'client').execute(),
    );
    const { execution } = (await load()).facts;
    expect(execution.holds).toEqual([]);
    expect(execution.resumed).toMatchObject({ late: 'skip' });
  });

  it('counts the latest decision about consent, and suppressions by the hash of the address', async () => {
    await asApi(async (trx) => {
      for (const [state, at] of [
        ['granted', '2026-01-01T00:00:00Z'],
        ['withdrawn', '2026-02-01T00:00:00Z'],
      ] as const) {
        await trx
          .insertInto('consents')
          .values({ client_id: clientId, channel: 'email', purpose: 'marketing', state, recorded_at: at })
          .execute();
      }
      await trx
        .insertInto('suppressions')
        .columns(['channel', 'address_hash', 'reason'])
        .expression((eb) =>
          eb
            .selectFrom('client_contacts')
            .select((row) => [row.val('sms').as('channel'), 'address_hash', row.val('stop_keyword').as('reason')])
            .where('contact_type', '=', 'phone'),
        )
        .execute();
    });
    const { consents, suppressions, contacts } = (await load()).facts;
    expect(consents).toEqual([{ channel: 'email', purpose: 'marketing', state: 'withdrawn' }]);
    expect(suppressions).toEqual([{ contactId: contacts?.[0]?.id, channel: 'sms' }]);
  });

  it('has no execution of another organization', async () => {
    const other = { organizationId: '00000000-0000-4000-8000-000000000000', actor: 'test' };
    expect(await withTenant(db.api, other, (trx) => loadExecution(trx, executionId))).toBeNull();
  });
});

describe('publishJourneyVersion', () => {
  it('keeps the steps as rows, in order, with their arms', async () => {
    const steps = await asApi((trx) =>
      trx
        .selectFrom('journey_steps')
        .select(['step_key', 'anchor', 'delay_amount', 'delay_unit', 'parent_step_key', 'branch', 'closing'])
        .where('journey_version_id', '=', versionId)
        .orderBy('closing')
        .orderBy('sort_order')
        .execute(),
    );
    const plain = {
      anchor: 'previous_step',
      delay_amount: null,
      delay_unit: null,
      parent_step_key: null,
      branch: null,
    };
    expect(steps).toEqual([
      { ...plain, step_key: 'welcome', anchor: 'journey_start', delay_amount: 1, delay_unit: 'hours', closing: false },
      { ...plain, step_key: 'asked', closing: false },
      { ...plain, step_key: 'call', parent_step_key: 'asked', branch: 'yes', closing: false },
      { ...plain, step_key: 'write', parent_step_key: 'asked', branch: 'no', closing: false },
      { ...plain, step_key: 'bye', closing: true },
    ]);
  });

  it('numbers versions one after the other, also when two are published at once', async () => {
    const versions = await Promise.all(
      [1, 2, 3].map(() => asApi((trx) => publishJourneyVersion(trx, { journeyId, definition }))),
    );
    expect(versions.map((version) => version.version).toSorted((a, b) => a - b)).toEqual([2, 3, 4]);
  });
});
