import { setTimeout as delay } from 'node:timers/promises';
import { Client } from 'pg';
import { z } from 'zod';

/** One thing that will go out, in words for the terminal. */
export interface UpcomingLine {
  readonly when: string;
  readonly what: string;
  readonly couple: string;
  readonly organization: string;
}

const lineSchema = z.object({ when: z.string(), what: z.string(), couple: z.string(), organization: z.string() });

async function isPlanning(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ planning: boolean }>(
    `select exists (select from app.outbox where processed_at is null and parked_at is null)
         or exists (select from app.journey_executions where status = 'pending') as planning`,
  );
  return rows[0]?.planning ?? false;
}

const MESSAGE_TYPES = `('email', 'sms', 'whatsapp')`;

const PLANNING_TIMEOUT_MS = 8000;
const LOOK_EVERY_MS = 150;

/**
 * The next five messages over all organizations, once what the outbox holds has been planned, or after a few seconds
 * without all of it. Read by the administrator, who sees every organization.
 */
export async function readUpcoming(adminUrl: string): Promise<UpcomingLine[]> {
  const client = new Client({ connectionString: adminUrl });
  await client.connect();
  try {
    const deadline = Date.now() + PLANNING_TIMEOUT_MS;
    while (Date.now() < deadline && (await isPlanning(client))) await delay(LOOK_EVERY_MS);
    const { rows } = await client.query(
      `select to_char(x.scheduled_for at time zone coalesce(x.time_zone, 'UTC'), 'Dy DD Mon YYYY HH24:MI') || ' ' || coalesce(x.time_zone, 'UTC') as when,
              x.step_type || ' "' || coalesce(nullif(s.name, ''), x.step_key) || '"' as what,
              concat_ws(' & ', nullif(c.partner_1_name, ''), nullif(c.partner_2_name, '')) as couple,
              o.name as organization
         from app.journey_step_executions x
         join app.journey_executions e on e.organization_id = x.organization_id and e.id = x.execution_id
         join app.clients c on c.organization_id = e.organization_id and c.id = e.client_id
         join app.organizations o on o.id = e.organization_id
         left join app.journey_steps s on s.organization_id = e.organization_id
              and s.journey_version_id = e.journey_version_id and s.step_key = x.step_key
        where e.status = 'active' and x.state = 'planned' and x.step_type in ${MESSAGE_TYPES}
        order by x.scheduled_for, x.id
        limit 5`,
    );
    return z.array(lineSchema).parse(rows);
  } finally {
    await client.end();
  }
}
