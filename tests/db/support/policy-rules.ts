import type { Rule } from './catalogue-rules.ts';

interface Policy {
  schema: string;
  table: string;
  name: string;
  verb: string;
  roles: string[];
  using: string | null;
  check: string | null;
}

const TENANT_ROLES = ['app_api', 'app_readonly', 'app_worker'];
const OWN = '(organization_id = ( SELECT app.current_org_id() AS current_org_id))';

const everything = (name: string, role: string): Omit<Policy, 'schema' | 'table'> => ({
  name,
  verb: 'ALL',
  roles: [role],
  using: 'true',
  check: 'true',
});
const tenant = (own: string): Omit<Policy, 'schema' | 'table'> => ({
  name: 'tenant',
  verb: 'ALL',
  roles: TENANT_ROLES,
  using: own,
  check: own,
});
const tenantReads = (name: string, using: string, roles = TENANT_ROLES): Omit<Policy, 'schema' | 'table'> => ({
  name,
  verb: 'SELECT',
  roles,
  using,
  check: null,
});

const CONNECTED = (column: string): string =>
  `(EXISTS ( SELECT\n   FROM app.couple_supplier_relationships r\n  WHERE ((r.couple_id = ${column}) AND (r.status <> 'ended'::text))))`;

/** Tables which have something else than the owner's and the tenant's policy, with all they have beside the owner's. */
const EXCEPTIONS: Readonly<Record<string, readonly Omit<Policy, 'schema' | 'table'>[]>> = {
  'app.organizations': [
    tenant('(id = ( SELECT app.current_org_id() AS current_org_id))'),
    tenantReads('relay', 'true', ['app_relay']),
  ],
  'app.users': [
    everything('sign_in', 'app_auth'),
    tenantReads('members', '(EXISTS ( SELECT\n   FROM app.user_profiles p\n  WHERE (p.user_id = users.id)))'),
  ],
  'app.couples': [everything('couples_side', 'app_auth'), tenantReads('connected', CONNECTED('couples.id'))],
  'app.couple_members': [
    everything('couples_side', 'app_auth'),
    tenantReads('connected', CONNECTED('couple_members.couple_id')),
  ],
  'app.couple_supplier_relationships': [tenant(OWN), everything('couples_side', 'app_auth')],
  'app.core_fields': [
    tenantReads('tenant', `((organization_id IS NULL) OR ${OWN})`),
    { name: 'tenant_insert', verb: 'INSERT', roles: ['app_api'], using: null, check: OWN },
    { name: 'tenant_update', verb: 'UPDATE', roles: ['app_api'], using: OWN, check: OWN },
    { name: 'tenant_delete', verb: 'DELETE', roles: ['app_api'], using: OWN, check: null },
  ],
  'app.outbox': [tenant(OWN), everything('relay', 'app_relay')],
  'app.webhook_deliveries': [tenant(OWN), everything('relay', 'app_relay')],
  'app.team_mails': [tenant(OWN), tenantReads('relay', 'true', ['app_relay'])],
  'app.webhooks': [tenant(OWN), tenantReads('relay', 'true', ['app_relay'])],
  'app.webhook_events': [tenant(OWN), everything('relay', 'app_relay')],
  'app.security_events': [
    tenant(OWN),
    { name: 'sign_in', verb: 'INSERT', roles: ['app_auth'], using: null, check: 'true' },
  ],
  'audit.audit_logs': [
    tenantReads('tenant', OWN, ['app_api', 'app_readonly']),
    tenantReads('ops', 'true', ['app_ops']),
  ],
  'audit.audit_seals': [tenantReads('ops', 'true', ['app_ops'])],
  'audit.dropped_partitions': [tenantReads('ops', 'true', ['app_ops'])],
  'audit.mask_keys': [],
  'ops.address_keys': [],
  'audit.plain_columns': [],
  'ops.daily_stats': [tenantReads('tenant', OWN, ['app_api', 'app_readonly']), tenantReads('ops', 'true', ['app_ops'])],
  'audit.seal_mark': [],
};

/**
 * Every table of app and audit, and what ops has of organizations, have exactly the policies it should: the owner's and the tenant's, and where it has
 * another reason to be read those of the list above; a partition the owner's alone. Not one more, not one less, not one
 * word different.
 */
export const policiesAreAsTheyShould: Rule = async (ask) => {
  const tables = await ask<{ table: string; partition: boolean }>(
    `select n.nspname || '.' || c.relname as table, c.relispartition as partition
       from pg_class c join pg_namespace n on n.oid = c.relnamespace
      where (n.nspname in ('app', 'audit') or c.relname in ('daily_stats', 'address_keys')) and c.relkind in ('r', 'p')`,
  );
  const found = await ask<Policy>(
    `select schemaname as schema, tablename as table, policyname as name, cmd as verb,
            array(select r::text from unnest(roles) r order by 1) as roles, qual as using, with_check as check
       from pg_policies where schemaname in ('app', 'audit', 'ops') and permissive = 'PERMISSIVE'`,
  );
  const describe = (table: string, policy: Omit<Policy, 'schema' | 'table'>): string =>
    `${table} ${policy.name} for ${policy.verb} to ${policy.roles.join(', ')} using ${policy.using ?? '-'} check ${policy.check ?? '-'}`;
  const expected = new Set(
    tables.flatMap(({ table, partition }) =>
      [everything('owner_all', 'app_owner'), ...(partition ? [] : (EXCEPTIONS[table] ?? [tenant(OWN)]))].map((policy) =>
        describe(table, policy),
      ),
    ),
  );
  const actual = new Set(found.map((policy) => describe(`${policy.schema}.${policy.table}`, policy)));
  return [
    ...[...expected].filter((line) => !actual.has(line)).map((line) => `missing: ${line}`),
    ...[...actual].filter((line) => !expected.has(line)).map((line) => `unexpected: ${line}`),
  ];
};
