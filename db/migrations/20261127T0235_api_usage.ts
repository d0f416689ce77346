import { literal, run, type MigrationDatabase } from '../migrate/statements.ts';

/** Numbers of a day: (organization_id, metric, value), of rows with `at` in that day. */
const BEFORE: readonly string[] = [
  `select organization_id, 'couples_added' as metric, count(*) as value from app.clients
          where created_at >= of_day and created_at < of_day + 1 group by 1`,
  `select organization_id, 'journeys_started', count(*) from app.journey_executions
          where started_at >= of_day and started_at < of_day + 1 group by 1`,
  `select organization_id, 'steps_done', count(*) from app.journey_step_executions
          where state = 'done' and ended_at >= of_day and ended_at < of_day + 1 group by 1`,
  `select organization_id, 'messages_' || status, count(*) from app.communications
          where direction = 'outbound' and created_at >= of_day and created_at < of_day + 1 group by 1, status`,
  // In the smallest unit of the currency, as payments are.
  `select organization_id, 'revenue_' || lower(currency), sum(amount - amount_refunded) from app.payments
          where status in ('succeeded', 'partially_refunded') and paid_at >= of_day and paid_at < of_day + 1
          group by 1, currency`,
  `select organization_id, 'payments_succeeded', count(*) from app.payments
          where status in ('succeeded', 'partially_refunded') and paid_at >= of_day and paid_at < of_day + 1 group by 1`,
  `select organization_id, 'forms_submitted', count(*) from app.form_submissions
          where submitted_at >= of_day and submitted_at < of_day + 1 group by 1`,
  `select organization_id, 'team_actions', count(*) from app.activities
          where actor like 'user:%' and occurred_at >= of_day and occurred_at < of_day + 1 group by 1`,
  `select organization_id, 'sign_ins', count(*) from app.security_events
          where kind = 'sign_in' and organization_id is not null and occurred_at >= of_day and occurred_at < of_day + 1
          group by 1`,
  `select organization_id, 'webhook_calls', count(*) from app.webhook_delivery_attempts
          where occurred_at >= of_day and occurred_at < of_day + 1 group by 1`,
];
/** What other programs called of ours: the events themselves go when their time is over, the numbers stay. */
const API_USAGE: readonly string[] = [
  `select organization_id, 'inbound_calls_' || source_system, count(*) from app.webhook_events
          where organization_id is not null and received_at >= of_day and received_at < of_day + 1 group by 1, source_system`,
  `select organization_id, 'inbound_failed_' || source_system, count(*) from app.webhook_events
          where organization_id is not null and status = 'failed' and received_at >= of_day and received_at < of_day + 1
          group by 1, source_system`,
];

const collect = (parts: readonly string[]): string => `
  create or replace function ops.collect_daily_stats(of_day date default (now() at time zone 'UTC')::date - 1) returns bigint
       language sql security definer set search_path = pg_catalog, pg_temp set timezone = 'UTC'
     begin atomic
       with counted as (
         ${parts.join('\n         union all\n         ')}
       ), kept as (
         insert into ops.daily_stats (day, organization_id, metric, value)
         select of_day, organization_id, metric, value from counted
         on conflict (day, organization_id, metric) do update set value = excluded.value, collected_at = now()
         returning 1
       )
       select count(*) from kept;
     end`;

const COMMENT = `
  What other programs called of an organization's addresses a day (of UTC): metric is inbound_calls_ or inbound_failed_ and
  the source. As ops.daily_stats it is counted once the day is over. Calls of an HTTP API by key are not among them: of a
  key the platform knows when it was used last (app.api_keys.last_used_at).`;

const EARLIER_QUERY = `
  select organization_id, (received_at at time zone 'UTC')::date as day, source_system, count(*) as calls,
         count(*) filter (where status = 'failed') as failed_calls
    from app.webhook_events
   group by organization_id, (received_at at time zone 'UTC')::date, source_system`;
const EARLIER_COMMENT =
  'What other programs told this platform, per day of UTC and source. Calls of the HTTP API by key are not counted anywhere.';

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    collect([...BEFORE, ...API_USAGE]),
    `drop view compat.api_usage_stats`,
    ...view(
      `select day, organization_id, metric, value, collected_at from ops.daily_stats
        where metric like 'inbound\\_%'`,
      COMMENT.trim().replaceAll(/\s+/g, ' '),
    ),
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(db, `drop view compat.api_usage_stats`, ...view(EARLIER_QUERY, EARLIER_COMMENT), collect(BEFORE));
}

const view = (query: string, comment: string): readonly string[] => [
  `create view compat.api_usage_stats with (security_invoker = true) as ${query}`,
  `comment on view compat.api_usage_stats is ${literal(comment)}`,
  `grant select on compat.api_usage_stats to app_api, app_readonly`,
];
