import type { Migration } from 'kysely/migration';

import * as m20261121T0900 from './20261121T0900_foundation.ts';
import * as m20261121T0905 from './20261121T0905_organizations.ts';
import * as m20261121T0910 from './20261121T0910_clients.ts';
import * as m20261121T0915 from './20261121T0915_journeys.ts';
import * as m20261121T0920 from './20261121T0920_money.ts';
import * as m20261121T0925 from './20261121T0925_messages.ts';
import * as m20261121T0930 from './20261121T0930_forms.ts';
import * as m20261121T0935 from './20261121T0935_work.ts';
import * as m20261121T0940 from './20261121T0940_outbox.ts';
import * as m20261121T0945 from './20261121T0945_events.ts';
import * as m20261121T1000 from './20261121T1000_accounts.ts';
import * as m20261121T1005 from './20261121T1005_couples.ts';
import * as m20261121T1010 from './20261121T1010_form_versions.ts';
import * as m20261121T1015 from './20261121T1015_logs.ts';
import * as m20261121T1020 from './20261121T1020_webhooks.ts';
import * as m20261121T1025 from './20261121T1025_campaigns.ts';
import * as m20261121T1030 from './20261121T1030_money_history.ts';
import * as m20261121T1035 from './20261121T1035_limits.ts';
import * as m20261121T1100 from './20261121T1100_audit.ts';
import * as m20261121T1105 from './20261121T1105_audit_seals.ts';
import * as m20261121T1110 from './20261121T1110_maintenance.ts';
import * as m20261121T1115 from './20261121T1115_ops_tables.ts';
import * as m20261121T1120 from './20261121T1120_ops_statistics.ts';
import * as m20261121T1125 from './20261121T1125_ops_health.ts';
import * as m20261121T1130 from './20261121T1130_ops_alerts.ts';
import * as m20261121T1135 from './20261121T1135_summaries.ts';
import * as m20261121T1140 from './20261121T1140_integrity.ts';
import * as m20261121T1145 from './20261121T1145_compat.ts';
import * as m20261121T1150 from './20261121T1150_quiet_writes.ts';
import * as m20261121T1200 from './20261121T1200_webhook_delivery.ts';
import * as m20261121T1205 from './20261121T1205_inbound.ts';
import * as m20261121T1210 from './20261121T1210_template_details.ts';
import * as m20261121T1220 from './20261121T1220_core_fields.ts';
import * as m20261121T1225 from './20261121T1225_payment_plans.ts';
import * as m20261121T1230 from './20261121T1230_form_links.ts';
import * as m20261121T1240 from './20261121T1240_contact_links.ts';
import * as m20261121T1300 from './20261121T1300_privacy_registry.ts';
import * as m20261121T1305 from './20261121T1305_privacy.ts';
import * as m20261121T1310 from './20261121T1310_couple_privacy.ts';
import * as m20261121T1315 from './20261121T1315_seal_pending.ts';
import * as m20261121T1320 from './20261121T1320_execution_commands.ts';
import * as m20261126T2210 from './20261126T2210_template_parts.ts';
import * as m20261126T2226 from './20261126T2226_core_fields_follow.ts';
import * as m20261126T2227 from './20261126T2227_invoice_numbers.ts';
import * as m20261126T2228 from './20261126T2228_unclaimed_events.ts';
import * as m20261126T2230 from './20261126T2230_memberships.ts';
import * as m20261126T2231 from './20261126T2231_tier_limits.ts';
import * as m20261126T2232 from './20261126T2232_organization_statistics.ts';
import * as m20261126T2233 from './20261126T2233_purge_organizations.ts';
import * as m20261126T2239 from './20261126T2239_enrolment_batches.ts';
import * as m20261126T2248 from './20261126T2248_sending_limits.ts';
import * as m20261126T2249 from './20261126T2249_last_check.ts';
import * as m20261126T2250 from './20261126T2250_conversations.ts';
import * as m20261126T2253 from './20261126T2253_sending_by_step.ts';
import * as m20261126T2256 from './20261126T2256_missed_webhooks.ts';
import * as m20261126T2257 from './20261126T2257_covered_invoices.ts';
import * as m20261126T2301 from './20261126T2301_work_gauges.ts';
import * as m20261126T2303 from './20261126T2303_claim_at_once.ts';
import * as m20261126T2313 from './20261126T2313_keyed_address_hash.ts';
import * as m20261126T2334 from './20261126T2334_compat_rest.ts';
import * as m20261127T0147 from './20261127T0147_template_attachments.ts';
import * as m20261127T0153 from './20261127T0153_removed_webhooks.ts';
import * as m20261127T0207 from './20261127T0207_freed_places.ts';
import * as m20261127T0223 from './20261127T0223_content_approvals.ts';
import * as m20261127T0224 from './20261127T0224_team_mails.ts';
import * as m20261127T0231 from './20261127T0231_fair_outbox.ts';
import * as m20261127T0235 from './20261127T0235_api_usage.ts';
import * as m20261127T0236 from './20261127T0236_length_checks.ts';
import * as m20261127T0237 from './20261127T0237_sparse_keys.ts';
import * as m20261127T0238 from './20261127T0238_audit_of_changes.ts';
import * as m20261127T0239 from './20261127T0239_trouble_of_steps.ts';
import * as m20261127T0240 from './20261127T0240_slow_statements.ts';
import * as m20261127T0249 from './20261127T0249_refused_rows.ts';
import * as m20261127T0314 from './20261127T0314_shared_own_fields.ts';
import * as m20261127T0327 from './20261127T0327_restorable_metrics.ts';
import * as m20261127T0605 from './20261127T0605_plan_serials.ts';
import * as m20261127T0900 from './20261127T0900_step_key_with_state_concurrently.ts';

/** A migration that can be taken back. kysely silently skips one without `down`, so ours must have it. */
export type ReversibleMigration = Required<Migration>;

/**
 * Every migration by name, in order. A fixed list, not a folder that is read: what is not here does not run. A name
 * that ends in `_concurrently` runs outside a transaction, as `create index concurrently` demands.
 */
export const migrations: Readonly<Record<string, ReversibleMigration>> = {
  '20261121T0900_foundation': m20261121T0900,
  '20261121T0905_organizations': m20261121T0905,
  '20261121T0910_clients': m20261121T0910,
  '20261121T0915_journeys': m20261121T0915,
  '20261121T0920_money': m20261121T0920,
  '20261121T0925_messages': m20261121T0925,
  '20261121T0930_forms': m20261121T0930,
  '20261121T0935_work': m20261121T0935,
  '20261121T0940_outbox': m20261121T0940,
  '20261121T0945_events': m20261121T0945,
  '20261121T1000_accounts': m20261121T1000,
  '20261121T1005_couples': m20261121T1005,
  '20261121T1010_form_versions': m20261121T1010,
  '20261121T1015_logs': m20261121T1015,
  '20261121T1020_webhooks': m20261121T1020,
  '20261121T1025_campaigns': m20261121T1025,
  '20261121T1030_money_history': m20261121T1030,
  '20261121T1035_limits': m20261121T1035,
  '20261121T1100_audit': m20261121T1100,
  '20261121T1105_audit_seals': m20261121T1105,
  '20261121T1110_maintenance': m20261121T1110,
  '20261121T1115_ops_tables': m20261121T1115,
  '20261121T1120_ops_statistics': m20261121T1120,
  '20261121T1125_ops_health': m20261121T1125,
  '20261121T1130_ops_alerts': m20261121T1130,
  '20261121T1135_summaries': m20261121T1135,
  '20261121T1140_integrity': m20261121T1140,
  '20261121T1145_compat': m20261121T1145,
  '20261121T1150_quiet_writes': m20261121T1150,
  '20261121T1200_webhook_delivery': m20261121T1200,
  '20261121T1205_inbound': m20261121T1205,
  '20261121T1210_template_details': m20261121T1210,
  '20261121T1220_core_fields': m20261121T1220,
  '20261121T1225_payment_plans': m20261121T1225,
  '20261121T1230_form_links': m20261121T1230,
  '20261121T1240_contact_links': m20261121T1240,
  '20261121T1300_privacy_registry': m20261121T1300,
  '20261121T1305_privacy': m20261121T1305,
  '20261121T1310_couple_privacy': m20261121T1310,
  '20261121T1315_seal_pending': m20261121T1315,
  '20261121T1320_execution_commands': m20261121T1320,
  '20261126T2210_template_parts': m20261126T2210,
  '20261126T2226_core_fields_follow': m20261126T2226,
  '20261126T2227_invoice_numbers': m20261126T2227,
  '20261126T2228_unclaimed_events': m20261126T2228,
  '20261126T2230_memberships': m20261126T2230,
  '20261126T2231_tier_limits': m20261126T2231,
  '20261126T2232_organization_statistics': m20261126T2232,
  '20261126T2233_purge_organizations': m20261126T2233,
  '20261126T2239_enrolment_batches': m20261126T2239,
  '20261126T2248_sending_limits': m20261126T2248,
  '20261126T2249_last_check': m20261126T2249,
  '20261126T2250_conversations': m20261126T2250,
  '20261126T2253_sending_by_step': m20261126T2253,
  '20261126T2256_missed_webhooks': m20261126T2256,
  '20261126T2257_covered_invoices': m20261126T2257,
  '20261126T2301_work_gauges': m20261126T2301,
  '20261126T2303_claim_at_once': m20261126T2303,
  '20261126T2313_keyed_address_hash': m20261126T2313,
  '20261126T2334_compat_rest': m20261126T2334,
  '20261127T0147_template_attachments': m20261127T0147,
  '20261127T0153_removed_webhooks': m20261127T0153,
  '20261127T0207_freed_places': m20261127T0207,
  '20261127T0223_content_approvals': m20261127T0223,
  '20261127T0224_team_mails': m20261127T0224,
  '20261127T0231_fair_outbox': m20261127T0231,
  '20261127T0235_api_usage': m20261127T0235,
  '20261127T0236_length_checks': m20261127T0236,
  '20261127T0237_sparse_keys': m20261127T0237,
  '20261127T0238_audit_of_changes': m20261127T0238,
  '20261127T0239_trouble_of_steps': m20261127T0239,
  '20261127T0240_slow_statements': m20261127T0240,
  '20261127T0249_refused_rows': m20261127T0249,
  '20261127T0314_shared_own_fields': m20261127T0314,
  '20261127T0327_restorable_metrics': m20261127T0327,
  '20261127T0605_plan_serials': m20261127T0605,
  '20261127T0900_step_key_with_state_concurrently': m20261127T0900,
};
