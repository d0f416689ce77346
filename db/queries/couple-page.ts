import { sql } from 'kysely';

import type { Trx } from '../tenant.ts';

/** What a couple's page shows, newest or next first, each list cut at its limit. */
export interface CouplePage {
  client: { clientId: string; couple: string; status: string; weddingOn: string | null; weddingZone: string | null };
  contacts: { role: string; name: string | null; type: string; value: string; isPrimary: boolean }[];
  journeys: {
    executionId: string;
    journey: string;
    status: string;
    stepsCompleted: number;
    nextActionAt: string | null;
  }[];
  upcoming: { executionId: string; stepKey: string; state: string; local: string | null; zone: string | null }[];
  messages: { communicationId: string; type: string; subject: string | null; status: string; at: string }[];
  payments: {
    paymentId: string;
    kind: string;
    amount: number;
    currency: string;
    status: string;
    dueOn: string | null;
  }[];
  openTasks: { taskId: string; title: string; dueAt: string | null }[];
}

/**
 * Everything on one couple's page in one statement; null where the organization has no such couple. As json, which is
 * written as it is read, not jsonb, which is sorted for a reader that never comes.
 */
export async function couplePage(trx: Trx, clientId: string): Promise<CouplePage | null> {
  const { rows } = await sql<CouplePage>`/* couple_page */ select
    json_build_object('clientId', c.id, 'couple',
      concat_ws(' & ', nullif(c.partner_1_name, ''), nullif(c.partner_2_name, '')), 'status', c.status,
      'weddingOn', c.wedding_date, 'weddingZone', c.wedding_timezone) as client,
    (select coalesce(json_agg(json_build_object('role', k.role, 'name', k.name, 'type', k.contact_type,
        'value', k.contact_value, 'isPrimary', k.is_primary) order by k.is_primary desc, k.role, k.contact_type), '[]')
      from app.client_contacts k where k.organization_id = c.organization_id and k.client_id = c.id) as contacts,
    (select coalesce(json_agg(json_build_object('executionId', e.id, 'journey', j.name, 'status', e.status,
        'stepsCompleted', e.steps_completed, 'nextActionAt', app.iso_instant(e.next_action_at)) order by e.started_at desc), '[]')
      from app.journey_executions e
      join app.journeys j on j.organization_id = e.organization_id and j.id = e.journey_id
     where e.organization_id = c.organization_id and e.client_id = c.id) as journeys,
    (select coalesce(json_agg(json_build_object('executionId', x.execution_id, 'stepKey', x.step_key,
        'state', x.state, 'local', x.local_time, 'zone', x.time_zone) order by x.scheduled_for nulls last), '[]')
      from (select x.* from app.journey_executions e
              join app.journey_step_executions x on x.organization_id = e.organization_id and x.execution_id = e.id
             where e.organization_id = c.organization_id and e.client_id = c.id and e.status in ('active', 'paused')
               and x.ended_at is null
             order by x.scheduled_for nulls last limit 20) x) as upcoming,
    (select coalesce(json_agg(json_build_object('communicationId', m.id, 'type', m.type, 'subject', m.subject,
        'status', m.status, 'at', app.iso_instant(m.created_at)) order by m.created_at desc), '[]')
      from (select m.* from app.communications m
             where m.organization_id = c.organization_id and m.client_id = c.id
             order by m.created_at desc limit 50) m) as messages,
    (select coalesce(json_agg(json_build_object('paymentId', p.id, 'kind', p.kind, 'amount', p.amount,
        'currency', p.currency, 'status', p.status, 'dueOn', p.due_on) order by p.due_on), '[]')
      from app.payments p where p.organization_id = c.organization_id and p.client_id = c.id) as payments,
    (select coalesce(json_agg(json_build_object('taskId', t.id, 'title', t.title, 'dueAt', app.iso_instant(t.due_at))
        order by t.due_at), '[]')
      from app.tasks t
     where t.organization_id = c.organization_id and t.client_id = c.id and t.status = 'open') as "openTasks"
    from app.clients c
   where c.organization_id = (select app.current_org_id()) and c.id = ${clientId} and c.deleted_at is null`.execute(
    trx,
  );
  return rows[0] ?? null;
}
