import { literal, run, type MigrationDatabase } from '../migrate/statements.ts';

interface Alias {
  readonly name: string;
  readonly comment: string;
  readonly query: string;
}

const same = (name: string, of: string, more = '', where = ''): Alias => ({
  name,
  comment: `app.${of}${where === '' ? '' : ` where ${where}`}, under its other name.`,
  query: `select t.*${more} from app.${of} t${where === '' ? '' : ` where ${where}`}`,
});

/** The other names under which the platform's documents know our tables. Read-only; nothing of ours uses them. */
const ALIASES: readonly Alias[] = [
  same('suppliers', 'organizations', ', t.id as supplier_id, t.name as business_name'),
  same('team_members', 'user_profiles', ', t.organization_id as supplier_id'),
  same('organization_members', 'user_profiles'),
  same('supplier_settings', 'organization_settings', ', t.organization_id as supplier_id'),
  same('customer_journeys', 'journeys', ', t.organization_id as supplier_id'),
  same(
    'journey_instances',
    'journey_executions',
    ', t.organization_id as supplier_id, t.journey_id as customer_journey_id',
  ),
  same('messages', 'communications', ', t.organization_id as supplier_id, t.type as channel'),
  same('email_templates', 'communication_templates', '', `t.channel = 'email'`),
  same('sms_templates', 'communication_templates', '', `t.channel = 'sms'`),
  same('form_responses', 'form_submissions', ', t.answers as response_data'),
  same('field_states', 'field_completion_states'),
  same('supplier_client_connections', 'couple_supplier_relationships', ', t.organization_id as supplier_id'),
  same('messaging_campaigns', 'email_campaigns'),
  same('message_jobs', 'communications', '', `t.direction = 'outbound'`),
  same('message_events', 'communication_events'),
  same('stripe_events', 'webhook_events', '', `t.source_system = 'stripe'`),
  same('custom_fields', 'core_fields', '', 't.organization_id is not null'),
  same('custom_field_values', 'core_field_values'),
  same('analytics_events', 'activities', '', `t.kind like 'event.%'`),
  same('realtime_events', 'activities'),
  same('login_attempts', 'security_events', '', `t.kind like 'sign_in%'`),
  {
    name: 'admin_audit_log',
    comment: 'Audit rows of administrators.',
    query: `select * from audit.audit_logs where actor_type = 'admin'`,
  },
  {
    name: 'client_analytics',
    comment:
      'What a couple has done so far: journeys, messages, money. Lifetime value is what was paid, in the smallest unit.',
    query: `
      select c.organization_id, c.id as client_id, e.journeys_started, e.journeys_completed, e.completion_percent,
             m.messages_sent, m.messages_opened, m.messages_replied, p.lifetime_value
        from app.clients c
       cross join lateral (
         select count(*) as journeys_started, count(*) filter (where x.status = 'completed') as journeys_completed,
                round(100.0 * sum(x.steps_completed) / nullif(sum(x.steps_total), 0), 1) as completion_percent
           from app.journey_executions x where x.organization_id = c.organization_id and x.client_id = c.id) e
       cross join lateral (
         select count(*) as messages_sent, count(x.opened_at) as messages_opened, count(x.replied_at) as messages_replied
           from app.communications x where x.organization_id = c.organization_id and x.client_id = c.id
            and x.direction = 'outbound' and x.sent_at is not null) m
       cross join lateral (
         select coalesce(sum(x.amount - x.amount_refunded), 0) as lifetime_value from app.payments x
          where x.organization_id = c.organization_id and x.client_id = c.id
            and x.status in ('succeeded', 'partially_refunded')) p`,
  },
  {
    name: 'tenant_isolation_policies',
    comment: 'The row security policies as they are: the catalogue is the truth, and a table of them would drift.',
    query: `
      select schemaname::text as schema_name, tablename::text as table_name, policyname::text as policy_name,
             cmd as command, roles::text[] as roles, qual as using_expression, with_check as check_expression
        from pg_policies where schemaname = 'app'`,
  },
];

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create schema compat`,
    `comment on schema compat is
       'Read-only views with the names that other documents of the platform use. They see what the reader may see of app.'`,
    `grant usage on schema compat to app_api, app_readonly`,
    ...ALIASES.flatMap(({ name, comment, query }) => [
      `create view compat.${name} with (security_invoker = true) as ${query}`,
      `comment on view compat.${name} is ${literal(comment)}`,
      `grant select on compat.${name} to app_api, app_readonly`,
    ]),
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(db, ...ALIASES.map(({ name }) => `drop view compat.${name}`), `drop schema compat`);
}
