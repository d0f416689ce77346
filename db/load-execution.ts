import { CompiledQuery } from 'kysely';

import type { JourneyDefinition } from '../journeys/definition.ts';
import type { Facts, Ledger } from '../journeys/facts.ts';
import type { ExecutionStatus } from './domain.ts';
import type { Trx } from './tenant.ts';

/** All that planning one execution needs, and what a screen says about it. */
export interface LoadedExecution {
  executionId: string;
  organizationId: string;
  clientId: string;
  journeyId: string;
  journeyVersionId: string;
  version: number;
  journeyName: string;
  status: ExecutionStatus;
  generation: number;
  /** IANA zone of the organization. */
  organizationZone: string;
  organizationName: string;
  definition: JourneyDefinition;
  /** Steps which a person put to another instant: journeys/moved-steps.ts. */
  movedSteps: Readonly<Record<string, string>>;
  facts: Facts;
  ledger: Ledger;
}

/**
 * Loads definition, facts and ledger of one execution, in one statement.
 *
 * @param at the instant of the plan, ISO 8601: holds that end by themselves and suppressions that expire go by it
 * @returns null where the organization of the transaction has no such execution
 */
export async function loadExecution(
  trx: Trx,
  executionId: string,
  at: string = new Date().toISOString(),
): Promise<LoadedExecution | null> {
  const [loaded] = await loadExecutions(trx, [executionId], at);
  return loaded ?? null;
}

/** The same for many executions at once, in one statement; in no particular order, without those that do not exist. */
export async function loadExecutions(
  trx: Trx,
  executionIds: readonly string[],
  at: string = new Date().toISOString(),
): Promise<LoadedExecution[]> {
  const { rows } = await trx.executeQuery<LoadedExecution>(CompiledQuery.raw(LOAD, [executionIds, at]));
  return rows.map(withoutNulls);
}

/** A couple that may be put on a journey. */
export interface Prospect {
  readonly clientId: string;
  readonly journeyId: string;
  readonly journeyVersionId: string;
  readonly triggerEvent: string;
  readonly triggerRef: string | null;
  readonly triggerAt: Date;
  readonly triggerDetails: Readonly<Record<string, unknown>>;
  readonly startedAt: Date;
}

/**
 * What the facts of executions would be that have not been made, so that the condition of a start is asked before
 * anything is written; in one statement.
 *
 * @param at as for {@link loadExecution}
 * @returns facts and ledger in the order of the prospects; null where there is no such couple
 */
export async function loadProspects(
  trx: Trx,
  prospects: readonly Prospect[],
  at: string,
): Promise<(Pick<LoadedExecution, 'facts' | 'ledger'> | null)[]> {
  if (prospects.length === 0) return [];
  // The id that an execution of them might have tells the rows apart.
  const ids = prospects.map(() => crypto.randomUUID());
  const wanted = JSON.stringify(prospects.map((one, place) => ({ ...one, id: ids[place] })));
  const { rows } = await trx.executeQuery<LoadedExecution>(CompiledQuery.raw(LOAD_PROSPECTS, [wanted, at]));
  const loaded = new Map(rows.map((row) => [row.executionId, withoutNulls(row)]));
  return ids.map((id) => loaded.get(id) ?? null);
}

/** In JSON made by the database an absent value is null; facts and ledger leave it out, which the planner asks for. */
function withoutNulls(loaded: LoadedExecution): LoadedExecution {
  const { execution } = loaded.facts;
  return {
    ...loaded,
    facts: {
      ...loaded.facts,
      client: strip(loaded.facts.client, ['weddingChangedAt']),
      execution: {
        ...strip(execution, ['stoppedAt', 'stopReason', 'resumed']),
        holds: execution.holds.map((hold) => strip(hold, ['channel', 'until', 'purposes', 'reason'])),
      },
      payments: loaded.facts.payments.map((payment) => strip(payment, ['paidAt', 'dueChangedAt'])),
      contacts: loaded.facts.contacts?.map((contact) => strip(contact, ['email', 'phone', 'zone', 'locale'])),
      consents: loaded.facts.consents.map((consent) => strip(consent, ['contactId'])),
      suppressions: loaded.facts.suppressions.map((suppression) => strip(suppression, ['purposes'])),
    },
    ledger: {
      steps: loaded.ledger.steps.map((step) => strip(step, ['endedAt', 'outcome', 'nextAttemptAt', 'reason'])),
    },
  };
}

function strip<T extends object>(value: T, optional: readonly (keyof T)[]): T {
  const result = { ...value };
  for (const key of optional) if (result[key] === null) delete result[key];
  return result;
}

/**
 * One row an execution. Every part is a sub-query over an index of its table that begins with the organization; the
 * organization stands in each besides row security, because it gives the planner of the database a constant.
 */
const load = (name: string, executions: string, definition: string): string => `/* ${name} */ select
  e.id as "executionId", e.organization_id as "organizationId", e.client_id as "clientId",
  e.journey_id as "journeyId", e.journey_version_id as "journeyVersionId", v.version, j.name as "journeyName",
  e.status, e.generation, e.moved_steps as "movedSteps", o.timezone as "organizationZone", o.name as "organizationName", ${definition} as definition,
  jsonb_build_object(
    'organization', jsonb_build_object(
      'zone', o.timezone,
      'defaultTime', coalesce(to_char(s.default_time, 'HH24:MI'), '09:00'),
      'workingDays', coalesce(to_jsonb(s.working_days), '["mon","tue","wed","thu","fri"]'),
      'closedOn', coalesce(to_jsonb(s.closed_on), '[]'),
      'sendWindow', case when s.send_window_from is not null then jsonb_build_object(
        'from', to_char(s.send_window_from, 'HH24:MI'), 'to', to_char(s.send_window_to, 'HH24:MI'),
        'days', coalesce(to_jsonb(s.send_window_days), '["mon","tue","wed","thu","fri","sat","sun"]')) end,
      'dailyCap', coalesce(s.daily_cap, 3), 'holdWhenPostponed', coalesce(s.hold_when_postponed, false),
      'settleMinutes', coalesce(s.settle_minutes, 10), 'postponedTaskWeeks', coalesce(s.postponed_task_weeks, 8),
      'closeAfterDays', coalesce(s.close_after_days, 400),
      'conversationGuardHours', coalesce(s.conversation_guard_hours, 24)),
    'client', jsonb_build_object(
      'id', c.id, 'status', c.status, 'weddingOn', c.wedding_date, 'weddingTime', to_char(c.wedding_time, 'HH24:MI'),
      'weddingZone', c.wedding_timezone, 'weddingChangedAt', app.iso_instant(c.wedding_changed_at),
      'postponed', c.postponed_at is not null, 'dates', c.key_dates, 'tags', to_jsonb(c.tags), 'custom', c.metadata),
    'execution', jsonb_build_object(
      'startedAt', app.iso_instant(e.started_at),
      'status', case
        when e.stopped_at is not null or e.status in ('stopped', 'failed', 'cancelled') then 'stopped'
        -- paused is what the holds below say; the column only repeats it for lists.
        when e.status = 'completed' then e.status else 'active' end,
      'stoppedAt', case when e.stopped_at is not null or e.status in ('stopped', 'failed', 'cancelled')
        then app.iso_instant(coalesce(e.stopped_at, e.completed_at)) end,
      'stopReason', e.stop_reason,
      'trigger', e.trigger_details || jsonb_build_object('event', e.trigger_event, 'at', app.iso_instant(e.trigger_at))
        || case when e.trigger_ref is null then '{}' else jsonb_build_object('ref', e.trigger_ref) end,
      'endedStages', e.ended_stages,
      'holds', (select coalesce(jsonb_agg(jsonb_build_object(
            'scope', h.scope, 'channel', h.channel, 'since', app.iso_instant(h.since), 'until', app.iso_instant(h.until),
            'purposes', to_jsonb(h.purposes), 'reason', nullif(h.reason, ''))
            order by h.since, h.id), '[]')
          from app.holds h
         where h.organization_id = e.organization_id and h.released_at is null
           -- The plan knows whole seconds: what began within this one has begun.
           and date_trunc('second', h.since) <= $2 and (h.until is null or h.until > $2)
           and (h.scope in ('organization', 'channel') or h.journey_id = e.journey_id or h.client_id = e.client_id
                or h.execution_id = e.id)),
      'resumed', (select jsonb_build_object('at', app.iso_instant(coalesce(h.released_at, h.until)),
            'since', app.iso_instant(h.since), 'late', coalesce(h.late, 'send'))
          from app.holds h
         -- What waited for the end of a conversation is late by hours and goes as it is; it hides no answer of a person.
         where h.organization_id = e.organization_id and h.cause = 'person'
           and coalesce(h.released_at, h.until) >= e.started_at
           and date_trunc('second', coalesce(h.released_at, h.until)) <= $2
           and (h.scope in ('organization', 'channel') or h.journey_id = e.journey_id or h.client_id = e.client_id
                or h.execution_id = e.id)
         order by coalesce(h.released_at, h.until) desc, h.id limit 1)),
    'payments', (select coalesce(jsonb_agg(jsonb_build_object(
          'id', p.id, 'kind', p.kind, 'dueOn', case when p.status <> 'cancelled' then p.due_on end, 'status', p.status,
          'paidAt', app.iso_instant(p.paid_at),
          'dueChangedAt', app.iso_instant(p.due_changed_at), 'amount', p.amount, 'currency', p.currency)
          order by p.due_on nulls last, p.created_at, p.id), '[]')
        from app.payments p where p.organization_id = e.organization_id and p.client_id = e.client_id
         -- What was cancelled is asked for no more; a journey that it set off still knows its own, due on no day.
         and (p.status <> 'cancelled' or p.id::text = e.trigger_ref)),
    'forms', (select coalesce(jsonb_object_agg(f.slug, jsonb_build_object('status', f.status, 'answers', f.answers)), '{}')
        from (select distinct on (form.slug) form.slug, x.status, x.answers
                from app.form_submissions x
                join app.forms form on form.organization_id = x.organization_id and form.id = x.form_id
               where x.organization_id = e.organization_id and x.client_id = e.client_id and x.status <> 'archived'
               order by form.slug, x.submitted_at desc nulls last, x.started_at desc) f),
    'events', (select coalesce(jsonb_agg(jsonb_build_object(
          'name', x.name, 'at', app.iso_instant(x.occurred_at), 'data', x.data) order by x.occurred_at, x.id), '[]')
        from (select * from app.client_events x
               where x.organization_id = e.organization_id and x.client_id = e.client_id
                 and x.occurred_at >= least(e.trigger_at, e.started_at)
               order by x.occurred_at desc, x.id desc limit 5000) x),
    'messages', (select coalesce(jsonb_object_agg(m.step_key, jsonb_build_object(
          'status', m.status, 'replied', m.replied)), '{}')
        from (select distinct on (x.step_key) x.step_key, x.status,
                     bool_or(x.replied_at is not null) over (partition by x.step_key) as replied
                from app.communications x
               where x.organization_id = e.organization_id and x.execution_id = e.id
                 and x.step_key is not null and x.direction = 'outbound'
               order by x.step_key, x.occurrence desc, x.created_at, x.id) m),
    'core', (select jsonb_strip_nulls(jsonb_build_object('venue', c.venue, 'guest_count', c.guest_count))
          || coalesce(jsonb_object_agg(x.field_key, x.value), '{}')
        from app.shared_core_field_values x where x.organization_id = e.organization_id and x.client_id = e.client_id),
    'contacts', (select coalesce(jsonb_agg(jsonb_build_object(
          'id', k.id, 'role', k.role, 'email', k.email, 'phone', k.phone, 'zone', k.zone, 'locale', k.locale,
          'isPrimary', k.is_primary and k.place = 1) order by k.place, k.role), '[]')
        from (select p.*, row_number() over (order by p.is_primary desc, p.role) as place
                from (select x.role, (array_agg(x.id order by x.is_primary desc, x.created_at, x.id))[1] as id,
                      (array_agg(x.value_normalized order by x.is_primary desc, x.created_at, x.id)
                        filter (where x.contact_type = 'email'))[1] as email,
                      (array_agg(x.value_normalized order by x.is_primary desc, x.created_at, x.id)
                        filter (where x.contact_type = 'phone'))[1] as phone,
                      min(x.timezone) as zone, min(x.locale) as locale, bool_or(x.is_primary) as is_primary
                 from app.client_contacts x
                where x.organization_id = e.organization_id and x.client_id = e.client_id
                group by x.role) p) k),
    'consents', (select coalesce(jsonb_agg(jsonb_build_object(
          'contactId', a.contact_id, 'channel', a.channel, 'purpose', a.purpose, 'state', a.state)), '[]')
        from (select distinct on (p.id, x.channel, x.purpose) p.id as contact_id, x.channel, x.purpose, x.state
                from app.consents x
                left join lateral app.contact_person(x.organization_id, x.contact_id) p (id) on true
               where x.organization_id = e.organization_id and x.client_id = e.client_id
               order by p.id, x.channel, x.purpose, x.recorded_at desc, x.id desc) a),
    'suppressions', (select coalesce(jsonb_agg(distinct jsonb_build_object(
          'contactId', p.id, 'channel', x.channel, 'purposes', to_jsonb(x.purposes))), '[]')
        from app.client_contacts k
        join app.suppressions x on x.organization_id = k.organization_id and x.address_hash = k.address_hash
        left join lateral app.contact_person(k.organization_id, k.id) p (id) on true
       where k.organization_id = e.organization_id and k.client_id = e.client_id
         and (x.expires_at is null or x.expires_at > $2)),
    'approvals', (select coalesce(jsonb_agg(jsonb_build_object(
          'key', a.step_key, 'occurrence', a.occurrence, 'decision', a.decision, 'at', app.iso_instant(a.decided_at))
          order by a.decided_at, a.id), '[]')
        from app.approvals a
       where a.organization_id = e.organization_id and a.execution_id = e.id and a.decision is not null),
    'sentOn', (select coalesce(jsonb_object_agg(d.local_on, d.messages), '{}')
        from (select x.local_on,
                     count(distinct coalesce(x.step_execution_id, x.id)) as messages
                from app.communications x
               where x.organization_id = e.organization_id and x.client_id = e.client_id
                 and x.direction = 'outbound' and x.purpose <> 'transactional'
                 and x.created_at >= $2::timestamptz - interval '60 days'
                 and x.local_on >= ($2::timestamptz at time zone 'UTC')::date - 7
                 and x.execution_id is distinct from e.id
                 and (x.recipient_role is null or x.recipient_role in ('primary', 'partner_1', 'partner_2', 'both'))
                 and x.status in ('queued', 'sending', 'sent', 'delivered', 'bounced', 'complained', 'unknown')
               group by x.local_on) d)
  ) as facts,
  jsonb_build_object('steps', (select coalesce(jsonb_agg(jsonb_build_object(
      'key', x.step_key, 'occurrence', x.occurrence, 'state', x.state, 'dueAt', app.iso_instant(x.due_at),
      'plannedAt', app.iso_instant(x.planned_at), 'endedAt', app.iso_instant(x.ended_at), 'outcome', x.outcome,
      'attempts', x.attempts, 'nextAttemptAt', app.iso_instant(x.next_attempt_at), 'reason', x.reason)
      order by x.step_key, x.occurrence), '[]')
    from app.journey_step_executions x
   where x.organization_id = e.organization_id and x.execution_id = e.id)) as ledger
from ${executions} e
join app.organizations o on o.id = e.organization_id
left join app.organization_settings s on s.organization_id = e.organization_id
join app.clients c on c.organization_id = e.organization_id and c.id = e.client_id
join app.journeys j on j.organization_id = e.organization_id and j.id = e.journey_id
join app.journey_versions v on v.organization_id = e.organization_id and v.id = e.journey_version_id
where e.organization_id = (select app.current_org_id())`;

const LOAD = `${load('load_executions', 'app.journey_executions', 'v.definition')} and e.id = any($1::uuid[])`;

/** As an execution is when it has just been made. */
const LOAD_PROSPECTS = load(
  'load_prospects',
  `(select p.id, app.current_org_id() as organization_id, p."clientId" as client_id, p."journeyId" as journey_id,
      p."journeyVersionId" as journey_version_id, 'active' as status, 1 as generation, '{}'::jsonb as moved_steps,
      p."startedAt" as started_at, null::timestamptz as stopped_at, null::text as stop_reason,
      null::timestamptz as completed_at, p."triggerEvent" as trigger_event, p."triggerRef" as trigger_ref,
      p."triggerAt" as trigger_at, p."triggerDetails" as trigger_details, '[]'::jsonb as ended_stages
    from jsonb_to_recordset($1::jsonb) as p(
      id uuid, "clientId" uuid, "journeyId" uuid, "journeyVersionId" uuid, "triggerEvent" text, "triggerRef" text,
      "triggerAt" timestamptz, "triggerDetails" jsonb, "startedAt" timestamptz))`,
  'null',
);
