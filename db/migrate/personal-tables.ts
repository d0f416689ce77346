import { literal, run, type MigrationDatabase } from './statements.ts';

/** What becomes of a table's rows when a couple wants to see, or to have deleted, what is kept about it. */
export interface PersonalTable {
  readonly name: string;
  /** Whose data it is; default: the client's. Those of couples and users are handled with the account. */
  readonly subject?: 'client' | 'couple' | 'user';
  /** Condition on `t`: the rows about client `$2` of organization `$1`. */
  readonly rows?: string;
  /** Columns that an export leaves out. */
  readonly leftOut?: readonly string[];
  readonly erasure: 'delete' | 'redact' | 'keep';
  /** SET list of a redaction. */
  readonly redact?: string;
  /** Why something stays. */
  readonly remark?: string;
}

const OF_CLIENT = 't.client_id = $2';
const EXECUTIONS = 'select e.id from app.journey_executions e where e.organization_id = $1 and e.client_id = $2';
const MESSAGES = 'select m.id from app.communications m where m.organization_id = $1 and m.client_id = $2';
const STEPS = `select s.id from app.journey_step_executions s where s.organization_id = $1 and s.execution_id in (${EXECUTIONS})`;
const DELIVERIES = `select d.id from app.webhook_deliveries d where d.organization_id = $1
  and (d.client_id = $2 or d.step_execution_id in (${STEPS}))`;
const CONTACTS = 'from app.client_contacts k where k.organization_id = $1 and k.client_id = $2';
const SEVEN_YEARS = 'a financial record, which the law wants kept for seven years; it names nobody';

/** Puts a table into the register; a migration that makes a table with personal data calls it. */
export async function registerPersonalTable(db: MigrationDatabase, table: PersonalTable, place: number): Promise<void> {
  const nullable = (text: string | undefined): string => (text === undefined ? 'null' : literal(text));
  await run(
    db,
    `insert into ops.personal_tables (table_name, subject, place, rows_of_client, left_out, erasure, redact, remark)
     values (${literal(table.name)}, ${literal(table.subject ?? 'client')}, ${place}, ${nullable(table.rows)},
       array[${(table.leftOut ?? []).map(literal).join(', ')}]::text[], ${literal(table.erasure)},
       ${nullable(table.redact)}, ${literal(table.remark ?? '')})`,
  );
}

/**
 * The tables with personal data when the register began, a part of that migration: later ones are registered by their
 * own. In the order in which an erasure goes through them: what finds its rows through
 * another table, or refers to it, stands before that one.
 */
export const PERSONAL_TABLES: readonly PersonalTable[] = [
  {
    name: 'webhook_events',
    rows: `exists (select ${CONTACTS} and k.value_normalized <> '' and strpos(lower(t.payload::text), k.value_normalized) > 0)`,
    leftOut: ['raw_body', 'headers', 'locked_until'],
    erasure: 'redact',
    redact: `payload = '{}', raw_body = null, headers = '{}'`,
    remark: 'that something came stays, so that the same event is not taken twice',
  },
  {
    name: 'idempotency_keys',
    rows: `strpos(t.response_body::text, $2::text) > 0`,
    leftOut: ['request_sha256'],
    erasure: 'delete',
  },
  {
    name: 'suppressions',
    rows: `t.address_hash in (select k.address_hash ${CONTACTS}) or t.source_communication_id in (${MESSAGES})`,
    leftOut: ['address_hash'],
    erasure: 'redact',
    redact: 'source_communication_id = null',
    remark: 'the hash of the address stays: who does not want to be written to must not be forgotten',
  },
  { name: 'webhook_delivery_attempts', rows: `t.delivery_id in (${DELIVERIES})`, erasure: 'delete' },
  {
    name: 'webhook_deliveries',
    rows: `t.client_id = $2 or t.step_execution_id in (${STEPS})`,
    leftOut: ['locked_until', 'dispatched_at', 'sequence'],
    erasure: 'redact',
    redact: `payload = '{}', response_value = null, last_error = null`,
    remark: 'that a call was made stays until its six months are over',
  },
  { name: 'communication_events', rows: `t.communication_id in (${MESSAGES})`, erasure: 'delete' },
  {
    name: 'approvals',
    rows: `t.execution_id in (${EXECUTIONS})`,
    erasure: 'redact',
    redact: `note = '', edited_subject = null, edited_content = null`,
    remark: 'the decision stays, without words',
  },
  {
    name: 'holds',
    rows: `t.client_id = $2 or t.execution_id in (${EXECUTIONS})`,
    erasure: 'redact',
    redact: `reason = ''`,
    remark: 'the pause stays, without its reason',
  },
  {
    name: 'tasks',
    rows: `t.client_id = $2 or t.execution_id in (${EXECUTIONS})`,
    leftOut: ['dedup_key'],
    erasure: 'delete',
  },
  {
    name: 'notifications',
    rows: `t.client_id = $2 or t.execution_id in (${EXECUTIONS})`,
    leftOut: ['dedup_key'],
    erasure: 'delete',
  },
  {
    name: 'communications',
    rows: OF_CLIENT,
    leftOut: ['recipient_hash', 'content_sha256', 'idempotency_key', 'send_claimed_at', 'if_unknown'],
    erasure: 'redact',
    redact: `recipient = null, from_identity = null, thread_key = null, subject = null, content = null, content_sha256 = null,
      variables = '{}', provider_message_id = null, message_id = null, error_message = null`,
    remark: 'that a message went stays, for the counts of the journey; its words and its address go',
  },
  {
    name: 'journey_step_executions',
    rows: `t.execution_id in (${EXECUTIONS})`,
    erasure: 'redact',
    redact: `result = null, error_message = null`,
    remark: 'what was done when stays, for the counts of the journey',
  },
  {
    name: 'journey_executions',
    rows: OF_CLIENT,
    leftOut: ['workflow_id', 'run_id', 'context', 'trigger_key'],
    erasure: 'redact',
    redact: `trigger_details = '{}', context = '{}', error_message = null, next_action = null`,
    remark: 'that a journey ran stays, for its counts',
  },
  { name: 'form_links', rows: OF_CLIENT, leftOut: ['token'], erasure: 'delete' },
  { name: 'form_submissions', rows: OF_CLIENT, leftOut: ['dedup_key'], erasure: 'delete' },
  { name: 'field_completion_states', rows: OF_CLIENT, erasure: 'delete' },
  { name: 'core_field_values', rows: OF_CLIENT, erasure: 'delete' },
  { name: 'core_field_history', rows: OF_CLIENT, erasure: 'delete' },
  { name: 'consents', rows: OF_CLIENT, erasure: 'delete' },
  { name: 'client_events', rows: OF_CLIENT, leftOut: ['dedup_key'], erasure: 'delete' },
  { name: 'activities', rows: OF_CLIENT, erasure: 'delete' },
  { name: 'couple_supplier_relationships', rows: OF_CLIENT, erasure: 'delete' },
  { name: 'contact_links', rows: `t.contact_id in (select k.id ${CONTACTS})`, leftOut: ['token'], erasure: 'delete' },
  { name: 'client_contacts', rows: OF_CLIENT, leftOut: ['address_hash'], erasure: 'delete' },
  {
    name: 'payment_history',
    rows: `t.payment_id in (select p.id from app.payments p where p.organization_id = $1 and p.client_id = $2)`,
    leftOut: ['webhook_event_id'],
    erasure: 'keep',
    remark: SEVEN_YEARS,
  },
  { name: 'payment_schedules', rows: OF_CLIENT, erasure: 'keep', remark: SEVEN_YEARS },
  { name: 'payments', rows: OF_CLIENT, erasure: 'redact', redact: `metadata = '{}'`, remark: SEVEN_YEARS },
  { name: 'invoices', rows: OF_CLIENT, erasure: 'keep', remark: SEVEN_YEARS },
  {
    name: 'clients',
    rows: 't.id = $2',
    leftOut: ['version'],
    erasure: 'redact',
    redact: `partner_1_name = 'Deleted', partner_2_name = '', external_id = null, couple_id = null, venue = null,
      guest_count = null, tags = '{}', key_dates = '{}', metadata = '{}', wedding_date = null, wedding_time = null,
      wedding_timezone = null, deleted_at = coalesce(deleted_at, now()), erased_at = now()`,
    remark: 'the bare row stays as long as financial records refer to it',
  },
  { name: 'couples', subject: 'couple', erasure: 'redact', redact: `display_name = 'Deleted'` },
  { name: 'couple_members', subject: 'couple', erasure: 'delete' },
  { name: 'users', subject: 'user', erasure: 'redact', redact: `email = 'deleted-' || id || '@invalid'` },
  {
    name: 'security_events',
    subject: 'user',
    erasure: 'keep',
    remark: 'who signed in from where is dropped after 13 months',
  },
];
