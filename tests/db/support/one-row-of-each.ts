import type { TestDatabase } from '../../support/postgres.ts';

/**
 * Puts one row into every table of app for a new organization, and gives its id. A table that was forgotten here fails
 * the attack matrix, which asks for a row of each.
 */
export async function oneRowOfEach(db: TestDatabase, slug: string): Promise<string> {
  await db.query(ONE_ROW_OF_EACH);
  const [row] = await db.query<{ id: string }>(`select pg_temp.one_row_of_each($1) as id`, [slug]);
  return row?.id ?? '';
}

export const ONE_ROW_OF_EACH = `
create or replace function pg_temp.one_row_of_each(tag text) returns uuid language plpgsql as $$
declare
  org uuid; usr uuid; couple uuid; client uuid; contact uuid; journey uuid; version uuid; execution uuid; step uuid;
  template uuid; message uuid; campaign uuid; form uuid; form_version uuid; invoice uuid; payment uuid; hook uuid;
  delivery uuid;
begin
  insert into app.organizations (name, slug) values (tag, tag) returning id into org;
  insert into app.organization_settings (organization_id) values (org);
  insert into app.users (email) values (tag || '@example.com') returning id into usr;
  insert into app.user_profiles (organization_id, user_id, role) values (org, usr, 'OWNER');
  insert into app.subscriptions (organization_id, pricing_tier, status) values (org, 'free', 'active');
  insert into app.integration_credentials (organization_id, provider) values (org, 'smtp');
  insert into app.api_keys (organization_id, key_name, key_prefix, key_hash) values (org, tag, tag, sha256(tag::bytea));
  insert into app.idempotency_keys (organization_id, actor, key, request_sha256)
    values (org, 'user', tag, sha256(tag::bytea));
  insert into app.data_retention_policies (organization_id, table_name, keep_days, action)
    values (org, 'clients', 365, 'delete');
  insert into app.couples (display_name) values (tag) returning id into couple;
  insert into app.couple_members (couple_id, user_id, partner_no) values (couple, usr, 1);
  insert into app.clients (organization_id, couple_id, partner_1_name, status, wedding_date)
    values (org, couple, tag, 'booked', '2027-06-12') returning id into client;
  insert into app.data_export_requests (organization_id, subject_type, subject_id, requested_by)
    values (org, 'client', client, 'user');
  insert into app.data_deletion_requests (organization_id, subject_type, subject_id, requested_by)
    values (org, 'client', client, 'user');
  insert into app.couple_supplier_relationships (organization_id, couple_id, client_id, status)
    values (org, couple, client, 'connected');
  insert into app.core_fields (organization_id, field_key, label, data_type) values (org, 'parking', 'Parking', 'text');
  insert into app.core_field_values (organization_id, client_id, field_key, value) values (org, client, 'venue', '"Barn"');
  insert into app.field_completion_states (organization_id, client_id, field_key) values (org, client, 'venue')
    on conflict do nothing;
  insert into app.client_contacts (organization_id, client_id, contact_type, contact_value, is_primary)
    values (org, client, 'email', tag || '@example.org', true) returning id into contact;
  insert into app.contact_links (organization_id, contact_id) values (org, contact);
  insert into app.consents (organization_id, client_id, contact_id, channel, purpose, state)
    values (org, client, contact, 'email', 'marketing', 'granted');
  insert into app.client_events (organization_id, client_id, name) values (org, client, 'tasting.booked');
  insert into app.journeys (organization_id, name) values (org, tag) returning id into journey;
  insert into app.journey_versions (organization_id, journey_id, version, definition, definition_sha256)
    values (org, journey, 1, '{}', sha256('')) returning id into version;
  insert into app.journey_steps (organization_id, journey_id, journey_version_id, step_key, step_type, step_config,
      anchor, sort_order)
    values (org, journey, version, 'welcome', 'email', '{}', 'journey_start', 0);
  insert into app.enrolment_batches (organization_id, journey_id, total, requested_by) values (org, journey, 1, tag);
  insert into app.journey_executions (organization_id, journey_id, journey_version_id, client_id, trigger_event, status)
    values (org, journey, version, client, 'client.booked', 'active') returning id into execution;
  insert into app.journey_step_executions (organization_id, execution_id, step_key, step_type)
    values (org, execution, 'welcome', 'email') returning id into step;
  insert into app.communication_templates (organization_id, name, channel, subject_template, content_template)
    values (org, 'welcome', 'email', 'Hello', 'Hello') returning id into template;
  insert into app.template_attachments (organization_id, template_id, position, file_name, content_type, content)
    values (org, template, 1, 'guide.pdf', 'application/pdf', '%PDF-1.7');
  insert into app.content_approvals (organization_id, content_sid, status, checked_at)
    values (org, 'HX0123456789abcdef0123456789abcdef', 'approved', now());
  insert into app.email_campaigns (organization_id, name, template_id) values (org, tag, template)
    returning id into campaign;
  insert into app.communications (organization_id, client_id, contact_id, execution_id, step_execution_id, template_id,
      campaign_id, idempotency_key, type, recipient)
    values (org, client, contact, execution, step, template, campaign, tag, 'email', tag || '@example.org')
    returning id into message;
  insert into app.communication_events (organization_id, communication_id, event_type, provider, provider_event_id)
    values (org, message, 'delivered', 'ses', tag);
  insert into app.suppressions (organization_id, channel, address_hash, reason, source_communication_id)
    values (org, 'email', app.address_hash(org, tag), 'unsubscribe', message);
  insert into app.forms (organization_id, slug, name) values (org, 'questionnaire', tag) returning id into form;
  insert into app.form_versions (organization_id, form_id, version, definition) values (org, form, 1, '{}')
    returning id into form_version;
  insert into app.form_fields (organization_id, form_version_id, field_key, label, field_type, sort_order)
    values (org, form_version, 'song', 'Song', 'text', 0);
  insert into app.field_mappings (organization_id, form_id, field_key, core_field_key)
    values (org, form, 'song', 'first_dance');
  insert into app.form_submissions (organization_id, form_id, form_version_id, client_id, status)
    values (org, form, form_version, client, 'submitted');
  insert into app.form_links (organization_id, form_id, client_id) values (org, form, client);
  insert into app.invoices (organization_id, client_id, invoice_number, subtotal_amount, total_amount)
    values (org, client, '2027-0001', 100, 100) returning id into invoice;
  insert into app.invoice_counters (organization_id, year) values (org, 2027);
  insert into app.payments (organization_id, client_id, invoice_id, amount, due_on)
    values (org, client, invoice, 100, '2027-05-12') returning id into payment;
  insert into app.payment_schedules (organization_id, client_id, kind, amount, days_from_wedding, payment_id)
    values (org, client, 'balance', 100, -30, payment);
  insert into app.tasks (organization_id, client_id, execution_id, step_execution_id, title, assignee_id)
    values (org, client, execution, step, 'Call', usr);
  insert into app.notifications (organization_id, client_id, execution_id, title, recipient_id)
    values (org, client, execution, 'Hello', usr);
  insert into app.team_mails (organization_id, notification_id, user_id)
    select org, n.id, usr from app.notifications n where n.organization_id = org;
  insert into app.approvals (organization_id, execution_id, step_key) values (org, execution, 'welcome');
  insert into app.holds (organization_id, scope, client_id) values (org, 'client', client);
  insert into app.imports (organization_id, kind, file_name, file_sha256)
    values (org, 'clients', 'couples.csv', sha256('list'));
  insert into app.import_rows (organization_id, import_id, row_no, cells, reason)
    select org, i.id, 2, array['Ana', tag || '@example.org'], 'no date' from app.imports i where i.organization_id = org;
  insert into app.sending_days (organization_id, channel, day) values (org, 'email', '2027-06-12');
  insert into app.activities (organization_id, kind, actor, client_id) values (org, 'client.created', 'user', client);
  insert into app.security_events (organization_id, kind) values (org, 'sign_in');
  insert into app.webhooks (organization_id, name, url, events, secret_ciphertext, secret_key_id)
    values (org, 'crm', 'https://example.com/hook', '{step.sent}', 'x', 'k') returning id into hook;
  insert into app.webhook_deliveries (organization_id, webhook_id, step_execution_id, event_type, idempotency_key, payload)
    values (org, hook, step, 'step.sent', tag, '{}') returning id into delivery;
  insert into app.webhook_delivery_attempts (organization_id, delivery_id, attempt) values (org, delivery, 1);
  insert into app.inbound_endpoints (organization_id, name, provider, token_hash)
    values (org, 'crm', 'token', sha256(tag::bytea));
  insert into app.stripe_payment_links (organization_id, stripe_key, payment_id) values (org, 'pi_1', payment);
  insert into app.webhook_events (organization_id, source_system, external_event_id, payload)
    values (org, 'stripe', tag, '{}');
  return org;
end $$`;
