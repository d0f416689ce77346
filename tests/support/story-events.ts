import { applyReport } from '../../services/receipts/apply-report.ts';
import type { Commander } from '../../services/executions/command.ts';
import { decideApproval } from '../../services/executions/decide-approval.ts';
import { holdScope, releaseScope, type HoldScope } from '../../services/executions/hold-scope.ts';
import { pauseExecution } from '../../services/executions/pause-execution.ts';
import { resumeExecution, type LateAnswer } from '../../services/executions/resume-execution.ts';
import { withTenant, type Trx } from '../../db/tenant.ts';
import type { ScriptEvent } from '../../journeys/script.ts';
import type { TestDatabase } from './postgres.ts';
import { datedByStory, type StoryRows } from './story-rows.ts';

/**
 * Lets one row of the script happen, at its instant: facts are written into the tables as any program would, what a
 * person commands and a provider reports goes through the services.
 */
export async function writeEvent(db: TestDatabase, rows: StoryRows, event: ScriptEvent): Promise<void> {
  const write = EVENTS[event.do];
  if (write === undefined) throw new Error(`This story has an event that the test cannot write: ${event.do}.`);
  await write(db, rows, event);
  await datedByStory(db, rows, new Date(event.at));
}

type Write = (db: TestDatabase, rows: StoryRows, event: ScriptEvent) => Promise<unknown>;

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);

const setStatus: Write = (db, { clientId }, { do: what, details }) =>
  db.query(`update app.clients set status = $2 where id = $1`, [
    clientId,
    textOf(details['status']) ?? what.slice('client.'.length),
  ]);

const settlePayment: Write = (db, { clientId, payments }, { do: what, at, details }) =>
  db.query(
    `update app.payments set status = $2, paid_at = case when $2 = 'succeeded' then $3::timestamptz end
     where id = coalesce($4::uuid, (select id from app.payments where client_id = $1 and kind = $5 and status <> 'succeeded'
                                    order by due_on limit 1))`,
    [
      clientId,
      what.slice('payment.'.length),
      at,
      payments.get(String(details['payment'])) ?? null,
      details['kind'] ?? null,
    ],
  );

const EVENTS: Readonly<Record<string, Write>> = {
  'client.booked': setStatus,
  'client.cancelled': setStatus,
  'client.status': setStatus,
  'payment.succeeded': settlePayment,
  'payment.failed': settlePayment,
  'payment.scheduled': (db, { payments }, { at, details }) =>
    db.query(`update app.payments set due_on = $2, due_changed_at = $3 where id = $1`, [
      payments.get(String(details['payment'])),
      details['dueOn'],
      at,
    ]),
  event: (db, { organizationId, clientId }, { details: { name, ...data } }) =>
    db.query(
      `insert into app.client_events (organization_id, client_id, name, data, source) values ($1, $2, $3, $4, 'api')`,
      [organizationId, clientId, name, data],
    ),
  'form.submitted': async (db, { organizationId, clientId }, { at, details }) => {
    await db.query(
      `insert into app.forms (organization_id, slug, name, status) values ($1, $2, $2, 'published') on conflict do nothing`,
      [organizationId, details['form']],
    );
    await db.query(
      `insert into app.form_submissions (organization_id, client_id, form_id, status, submitted_at, answers)
       select $1, $2, id, 'submitted', $4, $5 from app.forms where organization_id = $1 and slug = $3`,
      [organizationId, clientId, details['form'], at, details['answers'] ?? {}],
    );
  },
  'client.postponed': (db, { clientId }, { at }) =>
    db.query(`update app.clients set postponed_at = $2 where id = $1`, [clientId, at]),
  'wedding_date.set': (db, { clientId }, { at, details }) =>
    db.query(`update app.clients set wedding_date = $2, wedding_changed_at = $3, postponed_at = null where id = $1`, [
      clientId,
      details['weddingOn'],
      at,
    ]),
  'date.set': (db, { clientId }, { details }) =>
    db.query(`update app.clients set key_dates = key_dates || jsonb_build_object($2::text, $3::text) where id = $1`, [
      clientId,
      details['key'],
      details['on'],
    ]),
  'core_field.changed': (db, { organizationId, clientId }, { details }) =>
    db.query(
      `insert into app.core_field_values (organization_id, client_id, field_key, value, source)
       values ($1, $2, $3, to_jsonb($4::text), 'couple')`,
      [organizationId, clientId, details['field'], details['value']],
    ),
  approval: (db, { organizationId, clientId }, { at, details }) =>
    db.query(
      `insert into app.approvals (organization_id, execution_id, step_key, requested_at, decision, decided_at)
       select $1, id, $3, $5, $4, $5 from app.journey_executions where client_id = $2
       on conflict (organization_id, execution_id, step_key, occurrence)
         do update set decision = excluded.decision, decided_at = excluded.decided_at`,
      [organizationId, clientId, details['step'], details['decision'], at],
    ),
  answer: (db, rows, { at, details }) =>
    command(db, rows, at, (trx, by, executionId) =>
      decideApproval(
        trx,
        by,
        executionId,
        { key: String(details['step']), occurrence: Number(details['occurrence'] ?? 1) },
        { decision: details['decision'] === 'skip' ? 'rejected' : 'approved' },
      ),
    ),
  hold: (db, rows, { at, details }) =>
    command(db, rows, at, (trx, by, executionId) => {
      const [scope, reason] = [scopeOf(rows, details), textOf(details['reason']) ?? ''];
      return scope === null ? pauseExecution(trx, by, executionId, reason) : holdScope(trx, by, scope, reason);
    }),
  resume: (db, rows, { at, details }) =>
    command(db, rows, at, (trx, by, executionId) => {
      const [scope, late] = [scopeOf(rows, details), (textOf(details['late']) ?? 'send') as LateAnswer];
      return scope === null ? resumeExecution(trx, by, executionId, late) : releaseScope(trx, by, scope, late);
    }),
  consent: (db, { organizationId, clientId }, { at, details }) =>
    db.query(
      `insert into app.consents (organization_id, client_id, contact_id, channel, purpose, state, recorded_at)
       values ($1, $2, (select min(id::text)::uuid from app.client_contacts
                         where client_id = $2 and role = $6 and contact_type = 'email'), $3, $4, $5, $7)`,
      [organizationId, clientId, details['channel'], details['purpose'], details['state'], textOf(details['from']), at],
    ),
  reply: async (db, { organizationId, clientId }, { at, details }) => {
    const channel = details['channel'] === 'sms' ? 'sms' : 'email';
    const [{ from, message } = { from: '', message: null }] = await db.query<{ from: string; message: string | null }>(
      `select contact_value as "from",
              (select id from app.communications where client_id = $1 and step_key = $4 order by sent_at desc limit 1) as message
         from app.client_contacts where client_id = $1 and role = $2 and contact_type = $3`,
      [clientId, details['from'], channel === 'sms' ? 'phone' : 'email', textOf(details['step'])],
    );
    const text = textOf(details['text']) ?? '';
    const reply = {
      provider: channel === 'sms' ? 'twilio' : 'mail',
      channel,
      dedupKey: `story/${clientId}/${at}`,
      from,
      to: 'us@example.com',
      text,
      communicationId: message,
      keyword: /^stop$/i.test(textOf(details['keyword']) ?? text) ? 'stop' : null,
    } as const;
    await withTenant(db.api, { organizationId, actor: 'provider' }, (trx) =>
      applyReport(trx, { ok: true, receipts: [], replies: [reply] }, new Date(at)),
    );
  },
};

/** Which rows a hold names; null: the execution itself. */
function scopeOf(rows: StoryRows, { scope, channel }: ScriptEvent['details']): HoldScope | null {
  switch (scope) {
    case 'organization':
      return { scope };
    case 'journey':
      return { scope, journeyId: rows.journeyId };
    case 'client':
      return { scope, clientId: rows.clientId };
    case 'channel':
      return { scope, channel: channel as 'email' | 'sms' | 'whatsapp' };
    default:
      return null;
  }
}

async function command(
  db: TestDatabase,
  { organizationId, clientId }: StoryRows,
  now: string,
  give: (trx: Trx, by: Commander, executionId: string) => Promise<{ ok: true } | { ok: false; message: string }>,
): Promise<void> {
  const [{ id } = { id: '' }] = await db.query<{ id: string }>(
    `select id from app.journey_executions where client_id = $1`,
    [clientId],
  );
  const by: Commander = { actor: 'user:somebody', now };
  const result = await withTenant(db.api, { organizationId, actor: by.actor }, (trx) => give(trx, by, id));
  if (!result.ok) throw new Error(result.message);
}
