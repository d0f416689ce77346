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
];
const MORE: readonly string[] = [
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

/** Further names of the platform's documents. */
const ALIASES: readonly { name: string; comment: string; query: string }[] = [
  {
    name: 'performance_metrics',
    comment: 'ops.daily_stats, under its other name.',
    query: `select * from ops.daily_stats`,
  },
  {
    name: 'revenue_summary',
    comment: 'What was paid a day, in the smallest unit of each currency; days are those of UTC.',
    query: `select day, organization_id, upper(substr(metric, 9)) as currency, value as amount, collected_at
              from ops.daily_stats where metric like 'revenue\\_%'`,
  },
  {
    name: 'user_activity_summary',
    comment: 'What the team did a day: sign-ins, and actions that were written down.',
    query: `select day, organization_id, metric, value, collected_at
              from ops.daily_stats where metric in ('sign_ins', 'team_actions')`,
  },
  {
    name: 'event_analytics',
    comment: 'What happened a day with couples: added, journeys, steps, messages, forms.',
    query: `select day, organization_id, metric, value, collected_at from ops.daily_stats
             where metric in ('couples_added', 'journeys_started', 'steps_done', 'forms_submitted')
                or metric like 'messages\\_%'`,
  },
  {
    name: 'scheduled_maintenance',
    comment: 'ops.maintenance_windows, under its other name: announced work on the system, the same for everybody.',
    query: `select id, starts_at, ends_at, reason, created_at, cancelled_at from ops.maintenance_windows`,
  },
];

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    // An organization may read its own numbers; only the platform's administrators those of all.
    `alter table ops.daily_stats enable row level security`,
    `alter table ops.daily_stats force row level security`,
    `create policy owner_all on ops.daily_stats for all to app_owner using (true) with check (true)`,
    `create policy tenant on ops.daily_stats for select to app_api, app_readonly
       using (organization_id = (select app.current_org_id()))`,
    `create policy ops on ops.daily_stats for select to app_ops using (true)`,
    `grant select on ops.daily_stats to app_api, app_readonly`,
    `grant select (id, starts_at, ends_at, reason, created_at, cancelled_at) on ops.maintenance_windows
       to app_api, app_readonly`,
    collect([...BEFORE, ...MORE]),
    `comment on function ops.collect_daily_stats(date) is
       'Counts a day (of UTC) into ops.daily_stats; again gives the numbers of now. Calls of our API are not among them: nothing counts those here.'`,
    ...ALIASES.flatMap(({ name, comment, query }) => [
      `create view compat.${name} with (security_invoker = true) as ${query}`,
      `comment on view compat.${name} is ${literal(comment)}`,
      `grant select on compat.${name} to app_api, app_readonly`,
    ]),
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    ...ALIASES.map(({ name }) => `drop view compat.${name}`),
    collect(BEFORE),
    `comment on function ops.collect_daily_stats(date) is 'Counts a day (of UTC) into ops.daily_stats; again gives the numbers of now.'`,
    `revoke select (id, starts_at, ends_at, reason, created_at, cancelled_at) on ops.maintenance_windows
       from app_api, app_readonly`,
    `revoke select on ops.daily_stats from app_api, app_readonly`,
    `drop policy ops on ops.daily_stats`,
    `drop policy tenant on ops.daily_stats`,
    `drop policy owner_all on ops.daily_stats`,
    `alter table ops.daily_stats no force row level security`,
    `alter table ops.daily_stats disable row level security`,
  );
}
