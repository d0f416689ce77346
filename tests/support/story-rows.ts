import type { ScriptEvent } from '../../journeys/script.ts';
import type { Story } from '../../journeys/story.ts';
import type { JourneyDefinition } from '../../journeys/definition.ts';
import { isMessage } from '../../journeys/definition.ts';
import type { TestDatabase } from './postgres.ts';
import { createSupplier } from './world.ts';

/** Where a story lives in the database: its couple, and the ids that its names stand for. */
export interface StoryRows {
  readonly organizationId: string;
  readonly clientId: string;
  /** Ids of payments by the story's names. */
  readonly payments: ReadonlyMap<string, string>;
}

/** Writes the beginning of a story into the tables, as other programs would have, and publishes its journey. */
export async function writeStory(db: TestDatabase, story: Story, definition: JourneyDefinition): Promise<StoryRows> {
  const { facts } = story;
  const { organizationId } = await createSupplier(db, [definition]);
  await writeOrganization(db, organizationId, facts.organization);
  for (const step of [...definition.steps, ...(definition.closing ?? [])]) {
    if (!isMessage(step)) continue;
    await db.query(
      `insert into app.communication_templates (organization_id, name, channel, subject_template, content_template, content_sid)
       values ($1, $2, $3, $4, 'Words', $5) on conflict do nothing`,
      [
        organizationId,
        step.template,
        step.type,
        step.type === 'email' ? 'Subject' : null,
        step.type === 'whatsapp' ? `HX${'a'.repeat(32)}` : null,
      ],
    );
  }
  const { client } = facts;
  const [row] = await db.query<{ id: string }>(
    `insert into app.clients (organization_id, partner_1_name, status, wedding_date, wedding_time, wedding_timezone, tags,
       key_dates, metadata)
     values ($1, 'Somebody', $2, $3, $4, $5, $6, $7, $8) returning id`,
    [
      organizationId,
      client.status,
      client.weddingOn,
      client.weddingTime,
      client.weddingZone,
      client.tags,
      client.dates,
      client.custom,
    ],
  );
  const clientId = row?.id ?? '';
  for (const contact of facts.contacts ?? []) {
    for (const [type, value] of [
      ['email', contact.email],
      ['phone', contact.phone],
    ] as const) {
      if (value === undefined) continue;
      await db.query(
        `insert into app.client_contacts (organization_id, client_id, role, contact_type, contact_value, is_primary, timezone)
         values ($1, $2, $3, $4, $5, $6, $7)`,
        [organizationId, clientId, contact.role, type, value, contact.isPrimary, contact.zone ?? null],
      );
    }
  }
  for (const consent of facts.consents) {
    await db.query(
      `insert into app.consents (organization_id, client_id, channel, purpose, state, recorded_at)
       values ($1, $2, $3, $4, $5, $6)`,
      [organizationId, clientId, consent.channel, consent.purpose, consent.state, facts.execution.startedAt],
    );
  }
  const payments = new Map<string, string>();
  for (const payment of facts.payments) {
    const [paid] = await db.query<{ id: string }>(
      `insert into app.payments (organization_id, client_id, kind, due_on, status, amount, currency)
       values ($1, $2, $3, $4, $5, $6, $7) returning id`,
      [
        organizationId,
        clientId,
        payment.kind,
        payment.dueOn,
        payment.status,
        payment.amount ?? 100,
        payment.currency ?? 'GBP',
      ],
    );
    payments.set(payment.id, paid?.id ?? '');
  }
  // The story begins with its own event; what writing its rows told is none of it.
  await db.query(`delete from app.client_events where client_id = $1`, [clientId]);
  await db.query(`update app.outbox set processed_at = now() where organization_id = $1`, [organizationId]);
  const { event = 'client.booked', at, ref } = facts.execution.trigger ?? {};
  const payment = facts.payments.find(({ id }) => id === ref);
  await db.query(
    `insert into app.outbox (organization_id, client_id, event, ref, occurred_at, details) values ($1, $2, $3, $4, $5, $6)`,
    [
      organizationId,
      clientId,
      event,
      ref === undefined ? clientId : (payments.get(ref) ?? ref),
      at ?? facts.execution.startedAt,
      payment === undefined ? {} : { kind: payment.kind, status: payment.status },
    ],
  );
  return { organizationId, clientId, payments };
}

async function writeOrganization(
  db: TestDatabase,
  organizationId: string,
  organization: Story['facts']['organization'],
): Promise<void> {
  await db.query(`update app.organizations set timezone = $2 where id = $1`, [organizationId, organization.zone]);
  const { sendWindow } = organization;
  await db.query(
    `insert into app.organization_settings (organization_id, default_time, working_days, closed_on, send_window_from,
       send_window_to, send_window_days, daily_cap, hold_when_postponed, settle_minutes, postponed_task_weeks, close_after_days,
       conversation_guard_hours)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     on conflict (organization_id) do update set default_time = excluded.default_time, working_days = excluded.working_days,
       closed_on = excluded.closed_on, send_window_from = excluded.send_window_from, send_window_to = excluded.send_window_to,
       send_window_days = excluded.send_window_days, daily_cap = excluded.daily_cap,
       hold_when_postponed = excluded.hold_when_postponed, settle_minutes = excluded.settle_minutes,
       postponed_task_weeks = excluded.postponed_task_weeks, close_after_days = excluded.close_after_days,
       conversation_guard_hours = excluded.conversation_guard_hours`,
    [
      organizationId,
      organization.defaultTime,
      organization.workingDays,
      organization.closedOn,
      sendWindow?.from ?? null,
      sendWindow?.to ?? null,
      sendWindow?.days ?? null,
      organization.dailyCap,
      organization.holdWhenPostponed,
      organization.settleMinutes,
      organization.postponedTaskWeeks,
      organization.closeAfterDays,
      organization.conversationGuardHours,
    ],
  );
}

/** Lets one row of the script happen in the tables, at its instant. */
export async function writeEvent(db: TestDatabase, rows: StoryRows, event: ScriptEvent): Promise<void> {
  const statement = STATEMENTS[event.do];
  if (statement === undefined) throw new Error(`This story has an event that the test cannot write: ${event.do}.`);
  await statement(db, rows, event);
  await datedByStory(db, rows, new Date(event.at));
}

/** Triggers tell the time by the machine's clock; the story has its own. */
export async function datedByStory(db: TestDatabase, { organizationId }: StoryRows, now: Date): Promise<void> {
  for (const table of ['client_events', 'outbox']) {
    await db.query(`update app.${table} set occurred_at = $2 where organization_id = $1 and occurred_at = created_at`, [
      organizationId,
      now,
    ]);
  }
}

type Statement = (db: TestDatabase, rows: StoryRows, event: ScriptEvent) => Promise<unknown>;

const setStatus: Statement = (db, { clientId }, event) =>
  db.query(`update app.clients set status = $2 where id = $1`, [clientId, event.do.slice('client.'.length)]);

const settlePayment: Statement = (db, { clientId, payments }, { do: what, at, details }) =>
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

const STATEMENTS: Readonly<Record<string, Statement>> = {
  'client.booked': setStatus,
  'client.cancelled': setStatus,
  'payment.succeeded': settlePayment,
  'payment.failed': settlePayment,
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
  approval: (db, { organizationId, clientId }, { at, details }) =>
    db.query(
      `insert into app.approvals (organization_id, execution_id, step_key, requested_at, decision, decided_at)
       select $1, id, $3, $5, $4, $5 from app.journey_executions where client_id = $2
       on conflict (organization_id, execution_id, step_key, occurrence)
         do update set decision = excluded.decision, decided_at = excluded.decided_at`,
      [organizationId, clientId, details['step'], details['decision'], at],
    ),
  consent: (db, { organizationId, clientId }, { at, details }) =>
    db.query(
      `insert into app.consents (organization_id, client_id, channel, purpose, state, recorded_at) values ($1, $2, $3, $4, $5, $6)`,
      [organizationId, clientId, details['channel'], details['purpose'], details['state'], at],
    ),
  reply: async (db, { organizationId, clientId }, { at, details }) => {
    const [message] = await db.query<{ step_key: string }>(
      `update app.communications set replied_at = $3 where id = (
         select id from app.communications where client_id = $1 and type = $2 and status = 'sent' order by sent_at desc limit 1)
       returning step_key`,
      [clientId, details['channel'], at],
    );
    if (details['keyword'] === 'STOP') {
      await db.query(
        `insert into app.suppressions (organization_id, channel, address_hash, reason)
         select organization_id, $2, address_hash, 'stop_keyword' from app.client_contacts
         where client_id = $1 and role = 'partner_1' and contact_type = 'phone'`,
        [clientId, details['channel']],
      );
    }
    await db.query(
      `insert into app.client_events (organization_id, client_id, name, data, source) values ($1, $2, 'reply', $3, 'channel')`,
      [organizationId, clientId, { ...details, message: message?.step_key }],
    );
  },
};
