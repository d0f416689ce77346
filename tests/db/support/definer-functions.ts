import type { LoginRole } from '../../../db/roles.ts';

/**
 * Functions that run with the owner's rights, and so past row security, with the roles that may call each. Everything
 * that is added here was looked at: it takes its organization from the transaction, or tells nothing of any.
 */
export const DEFINER_CALLERS: Readonly<Record<string, readonly LoginRole[]>> = {
  'app.resolve_api_key': ['app_auth'],
  'app.receive_webhook_event': ['app_api'],
  'app.find_inbound_endpoint': ['app_api'],
  'app.find_stripe_account': ['app_api'],
  'app.keep_inbound_event': ['app_api'],
  'app.tell_due': ['app_relay'],
  'app.assert_limit': [],
  'ops.ensure_partitions': ['app_relay', 'app_ops', 'app_worker'],
  'ops.create_month_partition': [],
  'audit.ensure_partitions': ['app_ops', 'app_relay', 'app_worker'],
  'audit.mark': ['app_ops', 'app_worker'],
  'audit.record': ['app_api', 'app_auth', 'app_ops', 'app_worker'],
  'audit.seal': ['app_ops', 'app_worker'],
  'audit.verify': ['app_ops'],
  'ops.delete_spent': ['app_ops', 'app_worker'],
  'ops.drop_expired_partitions': ['app_ops', 'app_worker'],
  'ops.in_maintenance': ['app_api', 'app_ops', 'app_relay', 'app_worker'],
  'ops.saturday_freeze': ['app_api', 'app_ops', 'app_relay', 'app_worker'],
  'ops.get_table_sizes': ['app_ops'],
  'ops.get_index_usage_stats': ['app_ops'],
  'ops.get_resource_usage_by_supplier': ['app_ops'],
  'ops.health_checks': ['app_ops'],
  'ops.get_database_health': ['app_ops'],
  'ops.check_system_alerts': ['app_ops', 'app_worker'],
  'ops.slow_statements': [],
  'ops.refresh_metrics': ['app_ops', 'app_worker'],
  'ops.collect_daily_stats': ['app_ops', 'app_worker'],
  'ops.orphans': [],
  'ops.verify_data_integrity': ['app_ops'],
};
