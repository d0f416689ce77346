import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { assertOrdinaryRole } from '../../db/assert-ordinary-role.ts';
import { openDatabase } from '../../db/database.ts';
import { withTenant, type Trx } from '../../db/tenant.ts';
import { withoutTenant } from '../../db/without-tenant.ts';
import { startDatabaseDoor } from '../support/database-door.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';

let db: TestDatabase;
const organizations: string[] = [];

beforeAll(async () => {
  db = await createTestDatabase();
  for (const slug of ['first', 'second']) {
    const [row] = await db.query<{ id: string }>(
      `insert into app.organizations (name, slug) values ($1, $1) returning id`,
      [slug],
    );
    organizations.push(row?.id ?? '');
    await db.query(`insert into app.clients (organization_id, partner_1_name) values ($1, $2)`, [row?.id, slug]);
  }
});
afterAll(() => db.close());

const namesSeen = (trx: Trx): Promise<string[]> =>
  trx
    .selectFrom('clients')
    .select('partner_1_name')
    .execute()
    .then((rows) => rows.map((row) => row.partner_1_name));

describe('a program that is about to work', () => {
  it('is content with each of our roles, and refuses one that passes by row security', async () => {
    for (const database of [db.api, db.worker, db.relay]) {
      await expect(withoutTenant(database, assertOrdinaryRole)).resolves.toBeUndefined();
    }
    const mighty = openDatabase({ url: db.adminUrl, poolSize: 1 });
    await expect(withoutTenant(mighty, assertOrdinaryRole)).rejects.toMatchObject({
      code: 'role_too_mighty',
      message: expect.stringContaining('is a superuser') as string,
    });
    await mighty.close();
    const owner = openDatabase({ url: db.urlOf('app_migrator'), poolSize: 1 });
    await expect(withoutTenant(owner, assertOrdinaryRole)).rejects.toThrow(/may become their owner/);
    await owner.close();
  });
});

describe('an idle connection that is lost', () => {
  it('is told of in a line, without everything that the connection knew', async () => {
    const lost = Promise.withResolvers<Error>();
    const database = openDatabase({ url: db.urls.worker, poolSize: 1, applicationName: 'lost', onError: lost.resolve });
    await withTenant(database, { organizationId: organizations[0] ?? '', actor: 'test' }, namesSeen);
    await db.query(`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'lost'`);
    const logged = JSON.stringify(await lost.promise);
    expect(logged).toContain('57P01');
    expect(logged).not.toContain('set_config');
    await database.close();
  });
});

describe('a connection that is lost in the middle of a transaction', () => {
  it('fails the transaction and not the process; the next one gets another connection', async () => {
    const door = await startDatabaseDoor(db.adminUrl);
    const database = openDatabase({ url: door.through(db.urls.worker), poolSize: 1 });
    const tenant = { organizationId: organizations[0] ?? '', actor: 'test' };
    const cutOff = withTenant(database, tenant, async (trx) => {
      await door.shut();
      return namesSeen(trx);
    });
    await expect(cutOff).rejects.toThrow(/ECONNRESET|Connection terminated|not queryable/);
    await door.open();
    expect(await withTenant(database, tenant, namesSeen)).toEqual(['first']);
    await database.close();
    await door.shut();
  });
});

describe('withTenant', () => {
  it('shows the rows of the organization and no others', async () => {
    for (const [index, name] of ['first', 'second'].entries()) {
      const seen = await withTenant(
        db.worker,
        { organizationId: organizations[index] ?? '', actor: 'test' },
        namesSeen,
      );
      expect(seen).toEqual([name]);
    }
  });

  it('tells the database who acts', async () => {
    const context = { organizationId: organizations[0] ?? '', actor: 'user:7', requestId: 'r-1' };
    const { rows } = await withTenant(db.api, context, (trx) =>
      sql<{ actor: string; request: string }>`select current_setting('app.actor') as actor,
        current_setting('app.request_id') as request`.execute(trx),
    );
    expect(rows).toEqual([{ actor: 'user:7', request: 'r-1' }]);
  });

  it('takes everything back when the work fails', async () => {
    const context = { organizationId: organizations[0] ?? '', actor: 'test' };
    await expect(
      withTenant(db.api, context, async (trx) => {
        await trx.insertInto('clients').values({ partner_1_name: 'half-written' }).execute();
        throw new Error('broken off');
      }),
    ).rejects.toThrow('broken off');
    expect(await withTenant(db.api, context, namesSeen)).toEqual(['first']);
  });

  it('refuses a query that escaped from its transaction', async () => {
    let escaped: Trx | undefined;
    await withTenant(db.api, { organizationId: organizations[0] ?? '', actor: 'test' }, async (trx) => {
      escaped = trx;
      await Promise.resolve();
    });
    await expect(async () => escaped && namesSeen(escaped)).rejects.toThrow(/already committed/);
  });

  it('asks several things at once, each answered in its order', async () => {
    const context = { organizationId: organizations[0] ?? '', actor: 'test' };
    const asked = await withTenant(db.api, context, (trx) =>
      Promise.all(
        Array.from({ length: 20 }, (_, n) =>
          sql<{ n: number }>`/* the_same */ select ${n}::int as n, count(*) over () from app.clients`.execute(trx),
        ),
      ),
    );
    expect(asked.map(({ rows }) => rows)).toEqual(asked.map((_, n) => [{ n, count: '1' }]));
  });

  it('leaves its connection fit for the next one where a statement fails while others are on their way', async () => {
    const context = { organizationId: organizations[0] ?? '', actor: 'test' };
    for (let round = 0; round < 20; round += 1) {
      const broken = withTenant(db.api, context, (trx) =>
        Promise.all([sql`select 1 / 0`.execute(trx), namesSeen(trx), namesSeen(trx)]),
      );
      await expect(broken).rejects.toMatchObject({ code: '22012' });
    }
    expect(await withTenant(db.api, context, namesSeen)).toEqual(['first']);
  });

  it('keeps that a write past the border was refused, for whoever watches over the database', async () => {
    const [own = '', other = ''] = organizations;
    const write = withTenant(db.api, { organizationId: own, actor: 'user:9', requestId: 'r-9' }, (trx) =>
      trx.insertInto('clients').values({ organization_id: other, partner_1_name: 'theirs' }).execute(),
    );
    await expect(write).rejects.toMatchObject({ code: '42501' });
    expect(await db.query(`select organization_id, kind, actor, data from app.security_events`)).toEqual([
      {
        organization_id: own,
        kind: 'row_security.refused',
        actor: 'user:9',
        data: { table: 'clients', requestId: 'r-9' },
      },
    ]);
    const [check] = await db.query(`select state from ops.health_checks() where check_name = 'refused_writes'`);
    expect(check).toEqual({ state: 'warning' });
  });

  it('refuses what is not the id of an organization', async () => {
    await expect(withTenant(db.api, { organizationId: '', actor: 'test' }, namesSeen)).rejects.toThrow(TypeError);
  });

  it('keeps two organizations apart over a pool they share', async () => {
    const rounds = Array.from({ length: 100 }, (_, round) => round % 2);
    const seen = await Promise.all(
      rounds.map((index) =>
        withTenant(db.worker, { organizationId: organizations[index] ?? '', actor: 'test' }, namesSeen),
      ),
    );
    expect(seen).toEqual(rounds.map((index) => [['first', 'second'][index]]));
  });
});
