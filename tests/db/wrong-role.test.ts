// Every relation of every schema of ours x every verb x every role that has no right to it: refused, and as what it is.
// Which rights there are beside those of a tenant is written down here, so that a grant too many is noticed.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { LOGIN_ROLES, type LoginRole } from '../../db/roles.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { openAttacker } from './support/attack.ts';
import { oneRowOfEach } from './support/one-row-of-each.ts';

const ROLES = LOGIN_ROLES.filter((role) => role !== 'app_migrator');
const VERBS = ['select', 'insert', 'update', 'delete'] as const;
type Verb = (typeof VERBS)[number];

/** What roles that see no organization, or all, may do to the tables of organizations. */
const BEYOND_TENANTS: readonly string[] = [
  'app.couple_members app_auth select insert update delete',
  'app.couple_supplier_relationships app_auth select update',
  'app.couples app_auth select insert update delete',
  'app.organizations app_relay select',
  'app.outbox app_relay select update delete',
  'app.security_events app_auth insert',
  'app.team_mails app_relay select',
  'app.users app_auth select insert update',
  'app.webhook_deliveries app_relay select update',
  'app.webhook_events app_relay select update delete',
  'app.webhooks app_relay select',
];

/** Rights on what belongs to no organization. */
const OUR_OWN: readonly string[] = [
  'audit.audit_logs app_api select',
  'audit.audit_logs app_ops select',
  'audit.audit_logs app_readonly select',
  'audit.audit_seals app_ops select',
  'audit.dropped_partitions app_ops select',
  'ops.alerts app_ops select',
  'ops.backup_status_log app_ops select insert update',
  ...['app_api', 'app_ops', 'app_readonly'].map((role) => `ops.daily_stats ${role} select`),
  'ops.database_performance_summary app_ops select',
  'ops.maintenance_windows app_api select',
  'ops.maintenance_windows app_ops select insert update',
  'ops.maintenance_windows app_readonly select',
  'ops.migration_runs app_ops select',
  ...['app_api', 'app_ops', 'app_readonly', 'app_relay', 'app_worker'].map((role) => `ops.migrations ${role} select`),
  'ops.partitioned_tables app_ops select',
  ...['app_api', 'app_ops', 'app_readonly', 'app_worker'].map((role) => `ops.personal_tables ${role} select`),
  'ops.provider_days app_ops select',
  'ops.provider_limits app_ops select insert update delete',
  'ops.statement_snapshots app_ops select',
  ...['app_api', 'app_ops', 'app_readonly', 'app_relay', 'app_worker'].map(
    (role) => `ops.table_decisions ${role} select`,
  ),
  'ops.thresholds app_ops select update',
  'ops.tier_limits app_api select',
  'ops.tier_limits app_ops select update',
  'ops.tier_limits app_readonly select',
  'ops.tier_limits app_worker select',
  'ops.wedding_platform_metrics app_ops select',
];

interface Right {
  relation: string;
  role: LoginRole;
  verbs: Verb[];
}

let db: TestDatabase;
let own: string;
let rights: Right[];

beforeAll(async () => {
  db = await createTestDatabase();
  own = await oneRowOfEach(db, 'own');
  rights = await db.query<Right>(
    `select n.nspname || '.' || c.relname as relation, r.rolname::text as role,
            array(select v from unnest($2::text[]) with ordinality as verb (v, place)
                   where has_table_privilege(r.oid, c.oid, v)
                      or (v <> 'delete' and has_any_column_privilege(r.oid, c.oid, v)) order by place) as verbs
       from pg_class c join pg_namespace n on n.oid = c.relnamespace cross join pg_roles r
      where n.nspname in ('app', 'audit', 'ops', 'compat') and c.relkind in ('r', 'p', 'v', 'm') and r.rolname = any ($1)
      order by 1, 2`,
    [ROLES, VERBS],
  );
});
afterAll(() => db.close());

const written = (some: readonly Right[]): string[] =>
  some
    .filter(({ verbs }) => verbs.length > 0)
    .map(({ relation, role, verbs }) => `${relation} ${role} ${verbs.join(' ')}`);

describe('rights', () => {
  it('of roles beyond organizations on their tables are these', () => {
    const some = rights.filter(
      ({ relation, role }) => relation.startsWith('app.') && ['app_relay', 'app_auth', 'app_ops'].includes(role),
    );
    expect(written(some)).toEqual(BEYOND_TENANTS);
  });

  it('on the audit and on what we keep about ourselves are these', () => {
    const some = rights.filter(({ relation }) => /^(audit|ops)\./.test(relation));
    expect(written(some)).toEqual(OUR_OWN);
  });

  it('of those who only read are only to read, and the other names of tables can only be read', () => {
    const writing = rights.filter(
      ({ relation, role, verbs }) =>
        (role === 'app_readonly' || relation.startsWith('compat.')) && verbs.some((verb) => verb !== 'select'),
    );
    expect(writing).toEqual([]);
  });
});

const STATEMENT: Readonly<Record<Verb | 'truncate', (relation: string, column: string) => string>> = {
  select: (relation) => `select from ${relation}`,
  insert: (relation) => `insert into ${relation} default values`,
  update: (relation, column) => `update ${relation} set ${column} = ${column}`,
  delete: (relation) => `delete from ${relation}`,
  truncate: (relation) => `truncate ${relation}`,
};

describe('whoever has no right', () => {
  it.each(ROLES)('%s is refused, whatever the verb, and nothing is done', async (role) => {
    const columns = new Map(
      (
        await db.query<{ relation: string; column: string }>(
          `select distinct on (c.oid) n.nspname || '.' || c.relname as relation, quote_ident(a.attname) as column
             from pg_class c join pg_namespace n on n.oid = c.relnamespace
             join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
              and a.attgenerated = '' and a.attidentity <> 'a'
            where n.nspname in ('app', 'audit', 'ops', 'compat') and c.relkind in ('r', 'p', 'v', 'm')
            order by c.oid, a.attname = 'id', a.attnum`,
        )
      ).map(({ relation, column }) => [relation, column]),
    );
    const attacker = await openAttacker(db.urlOf(role));
    const failures: string[] = [];
    for (const { relation, verbs } of rights.filter((right) => right.role === role)) {
      for (const verb of [...VERBS, 'truncate'] as const) {
        if (verb !== 'truncate' && verbs.includes(verb)) continue;
        const outcome = await attacker.attempt(
          { organization: own },
          STATEMENT[verb](relation, columns.get(relation) ?? ''),
        );
        if ('refused' in outcome && REFUSALS.has(outcome.refused)) continue;
        failures.push(`${verb} ${relation}: ${JSON.stringify(outcome)}`);
      }
    }
    await attacker.close();
    expect(failures).toEqual([]);
  });

  /**
   * No right; a transaction that only reads; or, of a view that nobody could write to: not this kind of object. The last
   * is said before rights are asked.
   */
  const REFUSALS: ReadonlySet<string> = new Set(['42501', '25006', '55000', '42809', '0A000']);
});
