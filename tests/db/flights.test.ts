// Statements of one transaction that go out behind one another, nobody waiting in between.
import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { openDatabase, type Database } from '../../db/database.ts';
import { askAsTenant, withTenant, type TenantContext, type Trx } from '../../db/tenant.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let db: TestDatabase;
let one: Database;
let context: TenantContext;

beforeAll(async () => {
  db = await createTestDatabase();
  // A single connection: whatever one transaction leaves behind, the next one meets.
  one = openDatabase({ url: db.urls.api, poolSize: 1 });
});
beforeEach(async () => {
  const [row] = await db.query<{ id: string }>(
    `insert into app.organizations (name, slug) values ('o', gen_random_uuid()) returning id`,
  );
  context = { organizationId: row?.id ?? '', actor: 'test' };
});
afterAll(async () => {
  await one.close();
  await db.close();
});

const insert = (trx: Trx, name: string) => sql`insert into app.clients (partner_1_name) values (${name})`.execute(trx);
const insertAhead = (trx: Trx, name: string) =>
  sql`/* insert ahead */ insert into app.clients (partner_1_name) values (${name})`.execute(trx);
const insertLast = async (trx: Trx, name: string): Promise<string | undefined> => {
  const { rows } = await sql<{ name: string }>`/* insert last */
    insert into app.clients (partner_1_name) values (${name}) returning partner_1_name as name`.execute(trx);
  return rows[0]?.name;
};
const failAhead = (trx: Trx) => sql`/* fail ahead */ select 1 / 0`.execute(trx);
const cutAhead = (trx: Trx) => sql`/* cut ahead */ select pg_terminate_backend(pg_backend_pid())`.execute(trx);
const names = async (trx: Trx): Promise<string[]> => {
  const { rows } = await sql<{ name: string }>`select partner_1_name as name from app.clients order by 1`.execute(trx);
  return rows.map((row) => row.name);
};
const kept = (): Promise<string[]> => withTenant(one, context, names);

describe('a statement that nobody waits for', () => {
  it('is seen by those behind it, and is kept', async () => {
    const seen = await withTenant(one, context, async (trx) => {
      await insertAhead(trx, 'a');
      return names(trx);
    });
    expect(seen).toEqual(['a']);
    await withTenant(one, context, (trx) => insertAhead(trx, 'b'));
    expect(await kept()).toEqual(['a', 'b']);
  });

  it.each<[string, (trx: Trx) => Promise<unknown>]>([
    [
      'with one behind it',
      async (trx) => {
        await failAhead(trx);
        await insert(trx, 'lost');
      },
    ],
    [
      'with nothing behind it',
      async (trx) => {
        await insert(trx, 'lost');
        await failAhead(trx);
      },
    ],
    [
      'with one behind it whose refusal nobody looks at',
      async (trx) => {
        await failAhead(trx);
        await insert(trx, 'lost').catch(() => undefined);
      },
    ],
    [
      'with the last one behind it',
      async (trx) => {
        await failAhead(trx);
        await insertLast(trx, 'lost');
      },
    ],
  ])('fails the transaction with what was wrong with it, and nothing is kept: %s', async (_, work) => {
    await expect(withTenant(one, context, work)).rejects.toMatchObject({ code: '22012' });
    expect(await kept()).toEqual([]);
  });

  it('may be taken back to a savepoint like any other', async () => {
    const seen = await withTenant(one, context, async (trx) => {
      await sql`savepoint before`.execute(trx);
      await failAhead(trx);
      await expect(sql`release savepoint before`.execute(trx)).rejects.toMatchObject({ code: '22012' });
      await sql`rollback to savepoint before`.execute(trx);
      await insert(trx, 'a');
      return names(trx);
    });
    expect(seen).toEqual(['a']);
    expect(await kept()).toEqual(['a']);
  });

  it.each<[string, (trx: Trx) => Promise<unknown>]>([
    ['with nothing behind it', cutAhead],
    [
      'with one behind it',
      async (trx) => {
        await cutAhead(trx);
        await names(trx);
      },
    ],
    [
      'with the last one behind it',
      async (trx) => {
        await cutAhead(trx);
        await insertLast(trx, 'lost');
      },
    ],
  ])('says that it has lost the connection, and the next transaction gets another: %s', async (_, work) => {
    await expect(withTenant(one, context, work)).rejects.toMatchObject({
      code: expect.stringMatching(/57P01|ECONNRESET|EPIPE/) as string,
    });
    expect(await kept()).toEqual([]);
  });

  it('that failed is not blamed for what happens in the next transaction', async () => {
    await expect(withTenant(one, context, failAhead)).rejects.toMatchObject({ code: '22012' });
    // Said by the server as its last word, or seen on the line, whichever comes first.
    await expect(
      askAsTenant(one, context, (trx) => sql`select pg_terminate_backend(pg_backend_pid())`.execute(trx)),
    ).rejects.toMatchObject({ code: expect.stringMatching(/57P01|ECONNRESET|EPIPE/) as string });
  });

  it('is prepared again where it was refused for one before it', async () => {
    const work = async (trx: Trx): Promise<void> => {
      await failAhead(trx);
      await sql`/* prepared_late ahead */ insert into app.clients (partner_1_name) values ('late')`.execute(trx);
    };
    await expect(withTenant(one, context, work)).rejects.toMatchObject({ code: '22012' });
    await withTenant(one, context, (trx) =>
      sql`/* prepared_late ahead */ insert into app.clients (partner_1_name) values ('late')`.execute(trx),
    );
    expect(await kept()).toEqual(['late']);
  });
});

describe('the last statement of a transaction', () => {
  it('answers, and is committed with what came before it', async () => {
    const answer = await withTenant(one, context, async (trx) => {
      await insert(trx, 'a');
      return insertLast(trx, 'b');
    });
    expect(answer).toBe('b');
    expect(await kept()).toEqual(['a', 'b']);
  });

  it('that is refused takes everything back', async () => {
    const refused = withTenant(one, context, async (trx) => {
      await insert(trx, 'a');
      await sql`/* fail last */ select 1 / 0`.execute(trx);
    });
    await expect(refused).rejects.toMatchObject({ code: '22012' });
    expect(await kept()).toEqual([]);
  });

  it('whose refusal nobody looks at takes everything back all the same, and that is said', async () => {
    const refused = withTenant(one, context, async (trx) => {
      await insert(trx, 'a');
      await sql`/* fail last */ select 1 / 0`.execute(trx).catch(() => undefined);
    });
    await expect(refused).rejects.toThrow(/roll/i);
    expect(await kept()).toEqual([]);
  });

  it('fails where the commit does', async () => {
    await db.query(
      `create function app.never() returns trigger language plpgsql as 'begin raise exception ''never''; end'`,
    );
    await db.query(
      `create constraint trigger never after insert on app.clients deferrable initially deferred
         for each row when (new.partner_1_name = 'never') execute function app.never()`,
    );
    await expect(withTenant(one, context, (trx) => insertLast(trx, 'never'))).rejects.toThrow('never');
    expect(await kept()).toEqual([]);
  });

  it('has nothing behind it: whoever tries is refused', async () => {
    const more = withTenant(one, context, async (trx) => {
      await insertLast(trx, 'a');
      await insert(trx, 'b');
    });
    await expect(more).rejects.toThrow(/ended with its last statement/);
    expect(await kept()).toEqual(['a']);
  });
});

describe('askAsTenant', () => {
  it('answers one question of one organization', async () => {
    await withTenant(one, context, (trx) => insert(trx, 'a'));
    expect(await askAsTenant(one, context, names)).toEqual(['a']);
    const other = { ...context, organizationId: crypto.randomUUID() };
    expect(await askAsTenant(one, other, names)).toEqual([]);
  });

  it('refuses a second question, and leaves its connection fit for the next', async () => {
    const two = askAsTenant(one, context, async (trx) => [await names(trx), await names(trx)]);
    await expect(two).rejects.toThrow(/ended with its last statement/);
    expect(await askAsTenant(one, context, names)).toEqual([]);
    expect(await kept()).toEqual([]);
  });

  it('passes on what was wrong with the question', async () => {
    await expect(askAsTenant(one, context, (trx) => sql`select 1 / 0`.execute(trx))).rejects.toMatchObject({
      code: '22012',
    });
    expect(await askAsTenant(one, context, names)).toEqual([]);
  });

  it('may ask nothing', async () => {
    expect(await askAsTenant(one, context, () => Promise.resolve('nothing'))).toBe('nothing');
    expect(await kept()).toEqual([]);
  });
});
