// Every function x every role x every wrong context, called with the ids of another organization: whoever may not call
// it is refused, and whoever may gets nothing of that organization and changes nothing of it.
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { LOGIN_ROLES, type LoginRole } from '../../db/roles.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { oneRowOfEach } from './support/one-row-of-each.ts';

const ROLES = LOGIN_ROLES.filter((role) => role !== 'app_migrator');
/** A word in every free text of the organization that is attacked. */
const MARK = 'qxtheirs';

interface Callable {
  signature: string;
  name: string;
  parameters: { name: string; type: string }[];
  volatile: boolean;
  roles: LoginRole[];
}

let db: TestDatabase;
let client: Client;
let own: string;
let other: string;
let functions: Callable[];
let theirs: Readonly<Record<string, string>>;
/** Everything is taken back after each call, so it stays the same. */
let untouched: string;

beforeAll(async () => {
  db = await createTestDatabase();
  [own, other] = [await oneRowOfEach(db, 'mine'), await oneRowOfEach(db, MARK)];
  client = new Client({ connectionString: db.adminUrl });
  await client.connect();
  functions = await db.query<Callable>(
    `select p.oid::regprocedure::text as signature, n.nspname || '.' || p.proname as name,
            array(select jsonb_build_object('name', p.proargnames[i + 1], 'type', format_type(p.proargtypes[i], null))
                    from generate_series(0, p.pronargs - 1) i) as parameters,
            p.provolatile = 'v' as volatile,
            array(select r.rolname::text from pg_roles r
                   where r.rolname = any ($1) and has_function_privilege(r.oid, p.oid, 'execute')) as roles
       from pg_proc p join pg_namespace n on n.oid = p.pronamespace
      where n.nspname in ('app', 'audit', 'ops', 'compat') and p.prorettype <> 'trigger'::regtype order by 1`,
    [ROLES],
  );
  const [ids] = await db.query<Record<string, string>>(
    `select o.id as organization, c.id as client, c.couple_id as couple, e.id as execution, k.id as contact, i.id as endpoint
       from app.organizations o join app.clients c on c.organization_id = o.id
       join app.journey_executions e on e.organization_id = o.id
       join app.client_contacts k on k.organization_id = o.id
       join app.inbound_endpoints i on i.organization_id = o.id where o.id = $1`,
    [other],
  );
  theirs = ids ?? {};
  untouched = await fingerprint();
});
afterAll(async () => {
  await client.end();
  await db.close();
});

/** What is passed for a parameter: the other organization's id of that kind, or a value of the right form. */
function argumentOf({ name, type }: Callable['parameters'][number]): string {
  const kind = Object.keys(theirs).find((word) => name.includes(word)) ?? 'client';
  const id = theirs[kind] ?? '';
  const values: Readonly<Record<string, string>> = {
    uuid: `'${id}'::uuid`,
    'uuid[]': `array['${id}']::uuid[]`,
    text:
      name === 'of_table' || name.endsWith('_table') ? `'clients'` : name === 'action' ? `'attack.tried'` : `'custom'`,
    'text[]': `'{name}'::text[]`,
    'date[]': `array['2026-01-01']::date[]`,
    'integer[]': `array[2]::integer[]`,
    jsonb: `'{}'::jsonb`,
    bytea: `sha256('x')`,
    boolean: 'true',
    integer: '2',
    date: `'2026-01-01'::date`,
    oid: `'app.clients'::regclass::oid`,
    'timestamp with time zone': 'now()',
  };
  return values[type] ?? `null::${type}`;
}

/** A checksum of every table's rows that belong to the other organization. */
async function fingerprint(): Promise<string> {
  const { rows } = await client.query<{ line: string }>(fingerprintQuery ?? (await makeFingerprintQuery()));
  return rows.map(({ line }) => line).join('\n');
}
let fingerprintQuery: string | undefined;
async function makeFingerprintQuery(): Promise<string> {
  const tables = await db.query<{ name: string; column: string }>(
    `select c.relname as name, case c.relname when 'organizations' then 'id' else 'organization_id' end as column
       from pg_class c where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        and (c.relname = 'organizations' or exists (select from pg_attribute a
                where a.attrelid = c.oid and a.attname = 'organization_id'))`,
  );
  fingerprintQuery = tables
    .map(
      ({ name, column }) => `select '${name} ' || md5(coalesce(string_agg(t::text, '' order by t::text), '')) as line
         from app.${name} t where ${column} = '${other}'`,
    )
    .join(' union all ');
  return fingerprintQuery;
}

type Outcome = { refused: string } | { answer: string; changed: boolean };

async function call(callable: Callable, role: LoginRole, organization: string): Promise<Outcome> {
  await client.query('begin');
  try {
    await client.query(`select set_config('app.organization_id', $1, true)`, [organization]);
    await client.query(`set local role ${role}`);
    const text = `select coalesce(jsonb_agg(to_jsonb(r)), '[]')::text as answer
      from ${callable.name}(${callable.parameters.map(argumentOf).join(', ')}) r`;
    const { rows } = await client.query<{ answer: string }>(text);
    await client.query('reset role');
    const changed = callable.volatile && (await fingerprint()) !== untouched;
    return { answer: rows[0]?.answer ?? '', changed };
  } catch (error) {
    return { refused: (error as { code?: string }).code ?? String(error) };
  } finally {
    await client.query('rollback');
  }
}

describe('the attack', () => {
  it('notices a function that shows or changes what is another organization’s', async () => {
    await db.query(`
      create function app.show_it(of_client uuid) returns text language sql security definer
        return (select partner_1_name from app.clients where id = of_client);
      create function app.change_it(of_client uuid) returns void language sql security definer
        begin atomic update app.clients set venue = 'x' where id = of_client; end`);
    const made = (name: string): Callable => ({
      signature: name,
      name,
      parameters: [{ name: 'of_client', type: 'uuid' }],
      volatile: true,
      roles: [],
    });
    expect(await call(made('app.show_it'), 'app_api', own)).toMatchObject({ answer: `["${MARK}"]`, changed: false });
    expect(await call(made('app.change_it'), 'app_api', own)).toMatchObject({ changed: true });
    await db.query(`drop function app.show_it(uuid), app.change_it(uuid)`);
  });
});

describe('every function', () => {
  it('is refused to whoever may not call it', async () => {
    const failures: string[] = [];
    for (const callable of functions) {
      for (const role of ROLES.filter((one) => !callable.roles.includes(one))) {
        const outcome = await call({ ...callable, volatile: false }, role, own);
        if (!('refused' in outcome) || outcome.refused !== '42501') {
          failures.push(`${role} ${callable.signature}: ${JSON.stringify(outcome)}`);
        }
      }
    }
    expect(functions.length).toBeGreaterThan(50);
    expect(failures).toEqual([]);
  });

  it.each(['app_api', 'app_worker', 'app_readonly'] as const)(
    'gives %s nothing of another organization, and changes nothing of it',
    async (role) => {
      const failures: string[] = [];
      for (const callable of functions.filter(({ name, roles }) => roles.includes(role) && !(name in FOR_ALL))) {
        for (const [context, organization] of [
          ['as another organization', own],
          ['without an organization', ''],
        ] as const) {
          const outcome = await call(callable, role, organization);
          if ('refused' in outcome) {
            if (!RIGHT_REFUSALS.has(outcome.refused))
              failures.push(`${callable.signature} ${context}: ${outcome.refused}`);
          } else if (outcome.changed || outcome.answer.includes(MARK)) {
            failures.push(`${callable.signature} ${context}: ${JSON.stringify(outcome).slice(0, 300)}`);
          }
        }
      }
      expect(failures).toEqual([]);
    },
  );
});

/** Forbidden; not found, as a reference to nothing; or an organization is needed and there is none. */
const RIGHT_REFUSALS: ReadonlySet<string> = new Set(['42501', '23503', '23502']);

/** What does something for every organization by its purpose, each with why that tells the caller nothing. */
const FOR_ALL: Readonly<Record<string, string>> = {
  'app.keep_inbound_event': 'keeps what arrived at an endpoint, whose id only its secret token gives; it shows nothing',
};
