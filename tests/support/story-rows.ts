import type { Story } from '../../journeys/story.ts';
import type { JourneyDefinition } from '../../journeys/definition.ts';
import { isMessage } from '../../journeys/definition.ts';
import type { TestDatabase } from './postgres.ts';
import { MARKS } from './marks.ts';
import { createSupplier } from './world.ts';

/** Where a story lives in the database: its couple, and the ids that its names stand for. */
export interface StoryRows {
  readonly organizationId: string;
  readonly clientId: string;
  readonly journeyId: string;
  /** Ids of payments by the story's names. */
  readonly payments: ReadonlyMap<string, string>;
}

/** Writes the beginning of a story into the tables, as other programs would have, and publishes its journey. */
export async function writeStory(db: TestDatabase, story: Story, definition: JourneyDefinition): Promise<StoryRows> {
  const { facts } = story;
  const { organizationId, journeyIds } = await createSupplier(db, [definition]);
  await writeOrganization(db, organizationId, facts.organization);
  for (const step of [...definition.steps, ...(definition.closing ?? [])]) {
    if (!isMessage(step)) continue;
    await db.query(
      `insert into app.communication_templates (organization_id, name, channel, subject_template, content_template, content_sid)
       values ($1, $2, $3, $4, 'Dear {{ recipient.firstName }}, {{ client.coupleName }}', $5) on conflict do nothing`,
      [
        organizationId,
        step.template,
        step.type,
        step.type === 'email' ? 'For {{ client.coupleName }}' : null,
        step.type === 'whatsapp' ? `HX${'a'.repeat(32)}` : null,
      ],
    );
  }
  const { client } = facts;
  const [row] = await db.query<{ id: string }>(
    `insert into app.clients (organization_id, partner_1_name, status, wedding_date, wedding_time, wedding_timezone, tags,
       key_dates, metadata)
     values ($1, $9, $2, $3, $4, $5, $6, $7, $8) returning id`,
    [
      organizationId,
      client.status,
      client.weddingOn,
      client.weddingTime,
      client.weddingZone,
      client.tags,
      client.dates,
      client.custom,
      `${MARKS.firstName} ${MARKS.lastName}`,
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
        `insert into app.client_contacts (organization_id, client_id, role, name, contact_type, contact_value, is_primary, timezone)
         values ($1, $2, $3, $8, $4, $5, $6, $7)`,
        [organizationId, clientId, contact.role, type, value, contact.isPrimary, contact.zone ?? null, MARKS.firstName],
      );
    }
  }
  for (const consent of facts.consents) {
    await db.query(
      `insert into app.consents (organization_id, client_id, contact_id, channel, purpose, state, recorded_at)
       values ($1, $2, (select min(id::text)::uuid from app.client_contacts
                         where client_id = $2 and role = $7 and contact_type = 'email'), $3, $4, $5, $6)`,
      [
        organizationId,
        clientId,
        consent.channel,
        consent.purpose,
        consent.state,
        facts.execution.startedAt,
        facts.contacts?.find(({ id }) => id === consent.contactId)?.role ?? null,
      ],
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
  return { organizationId, clientId, journeyId: journeyIds[0] ?? '', payments };
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

/** Triggers tell the time by the machine's clock; the story has its own. */
export async function datedByStory(db: TestDatabase, { organizationId }: StoryRows, now: Date): Promise<void> {
  for (const table of ['client_events', 'outbox']) {
    await db.query(`update app.${table} set occurred_at = $2 where organization_id = $1 and occurred_at = created_at`, [
      organizationId,
      now,
    ]);
  }
}
