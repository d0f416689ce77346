import type { LoginRole } from '../../../db/roles.ts';

/**
 * Functions that run with the owner's rights, and so past row security, with the roles that may call each. Everything
 * that is added here was looked at: it takes its organization from the transaction, or tells nothing of any.
 */
export const DEFINER_CALLERS: Readonly<Record<string, readonly LoginRole[]>> = {
  'app.resolve_api_key': ['app_auth'],
  'app.receive_webhook_event': ['app_api'],
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
};
