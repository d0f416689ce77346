// Every table, view and function of the catalogue x every verb x every wrong context: nothing of another organization
// is read or changed, and each refusal is the right one.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { LOGIN_ROLES, type LoginRole } from '../../db/roles.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { openAttacker, type Attacker, type Context } from './support/attack.ts';
import { DEFINER_CALLERS } from './support/definer-functions.ts';
import { oneRowOfEach } from './support/one-row-of-each.ts';
import { readTables, type TableFacts } from './support/tables.ts';

const TENANT_ROLES = ['app_api', 'app_worker', 'app_readonly'] as const;
const FORBIDDEN = '42501';
const READ_ONLY = '25006';

/** Views over the catalogue: they have no rows of organizations. */
const OF_NO_ORGANIZATION = new Set(['compat.tenant_isolation_policies']);

/** Tables without an organization, whose rows another organization's members are found by. */
const THROUGH_OTHERS: Readonly<Record<string, string>> = {
  users: `id in (select user_id from app.user_profiles where organization_id = $1)`,
  couples: `id in (select couple_id from app.couple_supplier_relationships where organization_id = $1)`,
  couple_members: `couple_id in (select couple_id from app.couple_supplier_relationships where organization_id = $1)`,
};

let db: TestDatabase;
let tables: TableFacts[];
let own: string;
let other: string;
const attackers = new Map<LoginRole, Attacker>();

beforeAll(async () => {
  db = await createTestDatabase();
  [own, other] = [await oneRowOfEach(db, 'own'), await oneRowOfEach(db, 'other')];
  tables = await readTables(db);
  for (const role of LOGIN_ROLES) attackers.set(role, await openAttacker(db.urlOf(role)));
});
afterAll(async () => {
  for (const attacker of attackers.values()) await attacker.close();
  await db.close();
});

const as = (role: LoginRole): Attacker => {
  const attacker = attackers.get(role);
  if (attacker === undefined) throw new Error(`${role} is not connected`);
  return attacker;
};

/** Rows of the organization $1. */
const rowsOf = (table: TableFacts): string =>
  table.tenantColumn === null ? (THROUGH_OTHERS[table.name] ?? 'false') : `${table.tenantColumn} = $1`;

const places = new Map<string, string[]>();

/** Where the rows of an organization lie, as the superuser sees it: the attacker may know. */
async function placesOf(table: TableFacts, organization: string): Promise<string[]> {
  const key = `${table.name} ${organization}`;
  const known = places.get(key) ?? (await readPlaces(table, organization));
  places.set(key, known);
  return known;
}

async function readPlaces(table: TableFacts, organization: string): Promise<string[]> {
  const rows = await db.query<{ ctid: string }>(`select ctid::text from app.${table.name} where ${rowsOf(table)}`, [
    organization,
  ]);
  return rows.map((row) => row.ctid);
}

const WRONG_CONTEXTS = (): [string, Context][] => [
  ['as another organization', { organization: own }],
  ['without an organization', 'none'],
  ['with an empty setting', 'empty'],
];

async function outcomes(attack: (role: LoginRole, table: TableFacts, context: Context) => Promise<string | null>) {
  const failures: string[] = [];
  for (const role of TENANT_ROLES) {
    for (const table of tables) {
      for (const [name, context] of WRONG_CONTEXTS()) {
        const failure = await attack(role, table, context);
        if (failure !== null) failures.push(`${role} ${name}, ${table.name}: ${failure}`);
      }
    }
  }
  return failures;
}

describe('the matrix has teeth', () => {
  it('has a row of both organizations in every table', async () => {
    const empty: string[] = [];
    for (const table of tables) {
      for (const organization of [own, other]) {
        if ((await placesOf(table, organization)).length === 0) empty.push(table.name);
      }
    }
    expect(empty).toEqual([]);
  });

  it('lets every role see what is its organization’s own', async () => {
    const hidden: string[] = [];
    for (const role of TENANT_ROLES) {
      for (const table of tables) {
        const seen = await as(role).attempt({ organization: own }, `select from app.${table.name}`);
        if (!('rows' in seen) || seen.rows === 0) hidden.push(`${role} ${table.name} ${JSON.stringify(seen)}`);
      }
    }
    expect(hidden).toEqual([]);
  });
});

describe('nothing of another organization', () => {
  it('is read', async () => {
    expect(
      await outcomes(async (role, table, context) => {
        const outcome = await as(role).attempt(context, `select from app.${table.name} where ${rowsOf(table)}`, [
          other,
        ]);
        return 'rows' in outcome && outcome.rows === 0 ? null : JSON.stringify(outcome);
      }),
    ).toEqual([]);
  });

  it('is locked', async () => {
    expect(
      await outcomes(async (role, table, context) => {
        const outcome = await as(role).attempt(
          context,
          `select from app.${table.name} where ctid = any($1::tid[]) for update`,
          [await placesOf(table, other)],
        );
        return 'refused' in outcome ? refusedRightly(outcome.refused) : outcome.rows === 0 ? null : 'locked';
      }),
    ).toEqual([]);
  });

  it('is changed', async () => {
    expect(
      await outcomes(async (role, table, context) => {
        const outcome = await as(role).attempt(
          context,
          `update app.${table.name} set created_at = created_at where ctid = any($1::tid[])`,
          [await placesOf(table, other)],
        );
        return 'refused' in outcome ? refusedRightly(outcome.refused) : outcome.rows === 0 ? null : 'changed';
      }),
    ).toEqual([]);
  });

  it('is deleted', async () => {
    expect(
      await outcomes(async (role, table, context) => {
        const outcome = await as(role).attempt(context, `delete from app.${table.name} where ctid = any($1::tid[])`, [
          await placesOf(table, other),
        ]);
        return 'refused' in outcome ? refusedRightly(outcome.refused) : outcome.rows === 0 ? null : 'deleted';
      }),
    ).toEqual([]);
  });

  it('is written in its name', async () => {
    expect(
      await outcomes(async (role, table, context) => {
        const columns = table.columns.filter((column) => column !== 'id' || table.name === 'organizations').join(', ');
        const [row] = await db.query<{ row: unknown }>(
          `select to_jsonb(t) as row from app.${table.name} t where ${rowsOf(table)} limit 1`,
          [other],
        );
        const outcome = await as(role).attempt(
          context,
          `insert into app.${table.name} (${columns})
           select ${columns} from jsonb_populate_record(null::app.${table.name}, $1)`,
          [JSON.stringify(row?.row)],
        );
        return 'refused' in outcome ? refusedRightly(outcome.refused) : 'written';
      }),
    ).toEqual([]);
  });

  it('is changed, deleted or written by merge', async () => {
    expect(
      await outcomes(async (role, table, context) => {
        const outcome = await as(role).attempt(
          context,
          `merge into app.${table.name} t using (select unnest($1::tid[]) as place) s on t.ctid = s.place
             when matched then delete`,
          [await placesOf(table, other)],
        );
        return 'refused' in outcome ? refusedRightly(outcome.refused) : outcome.rows === 0 ? null : 'merged';
      }),
    ).toEqual([]);
  });

  it('comes about by giving one’s own row away', async () => {
    const failures: string[] = [];
    for (const role of TENANT_ROLES) {
      for (const table of tables.filter(({ tenantColumn }) => tenantColumn !== null)) {
        const outcome = await as(role).attempt(
          { organization: own },
          `update app.${table.name} set ${table.tenantColumn ?? ''} = $1 where ${table.tenantColumn ?? ''} = $2`,
          [other, own],
        );
        if (!('refused' in outcome) || refusedRightly(outcome.refused) !== null) {
          failures.push(`${role} ${table.name}: ${JSON.stringify(outcome)}`);
        }
      }
    }
    expect(failures).toEqual([]);
  });

  /** By row security, by a missing right, or because the role only reads. */
  function refusedRightly(code: string): string | null {
    return code === FORBIDDEN || code === READ_ONLY ? null : `refused by ${code}`;
  }
});

describe('views', () => {
  it('show no other organization’s rows', async () => {
    const views = await db.query<{ name: string }>(
      `select c.relname as name from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id'
        where c.relnamespace in (select oid from pg_namespace where nspname in ('app', 'compat')) and c.relkind = 'v'`,
    );
    expect(views.length).toBeGreaterThan(0);
    const failures: string[] = [];
    const qualified = await db.query<{ name: string; schema: string }>(
      `select c.relname as name, n.nspname as schema
         from pg_class c join pg_namespace n on n.oid = c.relnamespace
        where n.nspname in ('app', 'compat') and c.relkind = 'v'`,
    );
    for (const role of TENANT_ROLES) {
      for (const view of qualified.filter(({ schema, name }) => !OF_NO_ORGANIZATION.has(`${schema}.${name}`))) {
        for (const [name, context] of [
          ['none', 'none'],
          ['empty', 'empty'],
        ] as const) {
          const outcome = await as(role).attempt(context, `select from ${view.schema}.${view.name}`);
          const nothing = 'rows' in outcome ? outcome.rows === 0 : outcome.refused === FORBIDDEN;
          if (!nothing) failures.push(`${role} ${name} ${view.schema}.${view.name}: ${JSON.stringify(outcome)}`);
        }
      }
      for (const { name } of views) {
        const schema = qualified.find((view) => view.name === name)?.schema ?? 'app';
        const outcome = await as(role).attempt(
          { organization: own },
          `select from ${schema}.${name} where organization_id = $1`,
          [other],
        );
        const nothing = 'rows' in outcome ? outcome.rows === 0 : outcome.refused === FORBIDDEN;
        if (!nothing) failures.push(`${role} ${schema}.${name}: ${JSON.stringify(outcome)}`);
      }
    }
    expect(failures).toEqual([]);
  });
});

describe('roles that belong to no organization', () => {
  /** What each may read; everything else is refused. */
  const READS: Readonly<Partial<Record<LoginRole, readonly string[]>>> = {
    app_relay: ['organizations', 'outbox', 'webhook_events'],
    app_auth: ['users', 'couples', 'couple_members', 'couple_supplier_relationships'],
    app_ops: [],
  };

  it.each(Object.entries(READS) as [LoginRole, string[]][])('%s reads only what it needs', async (role, allowed) => {
    const readable: string[] = [];
    const refusals = new Set<string>();
    for (const table of tables) {
      // A column that every table has: the relay may read some columns of organizations, not all.
      const column = table.name === 'organizations' ? 'id' : 'created_at';
      const outcome = await as(role).attempt({ organization: own }, `select ${column} from app.${table.name}`);
      if ('rows' in outcome) readable.push(table.name);
      else refusals.add(outcome.refused);
    }
    expect(readable).toEqual(allowed.toSorted());
    expect([...refusals]).toEqual([FORBIDDEN]);
  });
});

describe('functions', () => {
  it('that run with the owner’s rights are known, and callable only by those who need them', async () => {
    const callable = await db.query<{ name: string; trigger: boolean; roles: LoginRole[] }>(
      `select n.nspname || '.' || p.proname as name, p.prorettype = 'trigger'::regtype as trigger,
              array(select r.rolname::text from pg_roles r
                     where r.rolname = any($1) and r.rolname <> 'app_migrator'
                       and has_function_privilege(r.oid, p.oid, 'execute')) as roles
         from pg_proc p join pg_namespace n on n.oid = p.pronamespace
        where n.nspname in ('app', 'ops', 'audit', 'compat') and p.prosecdef order by 1`,
      [LOGIN_ROLES],
    );
    const unknown = callable.filter(
      ({ name, trigger, roles }) =>
        JSON.stringify(roles.toSorted()) !== JSON.stringify((trigger ? [] : (DEFINER_CALLERS[name] ?? [])).toSorted()),
    );
    expect(unknown).toEqual([]);
  });

  it('an event another system sent is kept under the caller’s organization, never another', async () => {
    const outcome = await as('app_api').attempt(
      { organization: own },
      `select app.receive_webhook_event('stripe', 'evt_1', 'x', '{}', true)`,
    );
    expect(outcome).toEqual({ rows: 1 });
  });
});
