import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { withTenant } from '../../db/tenant.ts';
import { deleteClient } from '../../services/privacy/delete-client.ts';
import { exportClient } from '../../services/privacy/export-client.ts';
import { restoreClient, softDeleteClient } from '../../services/privacy/recoverable-deletion.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { oneRowOfEach } from './support/one-row-of-each.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

const NOW = new Date('2026-11-21T12:00:00Z');
const context = (organizationId: string) => ({ organizationId, actor: 'user:test' });

async function clientOf(organizationId: string): Promise<string> {
  const [row] = await db.query<{ id: string }>(`select id from app.clients where organization_id = $1`, [
    organizationId,
  ]);
  return row?.id ?? '';
}

/** A client with a row in every table that has rows of clients, and `mark` in every column that takes any text. */
async function markedClient(slug: string, mark: string): Promise<{ organizationId: string; clientId: string }> {
  const organizationId = await oneRowOfEach(db, slug);
  const clientId = await clientOf(organizationId);
  await db.query(`update app.client_contacts set contact_value = '${mark}@example.com' where client_id = $1`, [
    clientId,
  ]);
  await db.query(`do $$
    declare part record; col record;
    begin
      for part in select * from ops.personal_tables p where p.subject = 'client' and p.table_name <> 'client_contacts' loop
        for col in select a.attname, a.atttypid from pg_attribute a
                    where a.attrelid = format('app.%I', part.table_name)::regclass and a.attnum > 0
                      and not a.attisdropped and a.attgenerated = '' and a.attidentity = ''
                      and a.atttypid in ('text'::regtype, 'jsonb'::regtype, 'text[]'::regtype) loop
          begin
            execute format('update app.%I t set %I = %L where t.organization_id = $1 and ('
                || case when part.table_name in ('webhook_events', 'import_rows') then 'true' else replace(part.rows_of_client, '%', '%%') end || ')',
              part.table_name, col.attname, case col.atttypid
                when 'text'::regtype then '${mark}@example.com'
                when 'text[]'::regtype then '{${mark}@example.com}' else '{"${mark}@example.com": "${mark}"}' end)
              using '${organizationId}'::uuid, '${clientId}'::uuid;
          exception when others then null; -- a constraint: no free text
          end;
        end loop;
      end loop;
    end $$`);
  await db.query(
    `update app.idempotency_keys set response_body = jsonb_build_object('id', $2::text, 'name', '${mark}')
    where organization_id = $1`,
    [organizationId, clientId],
  );
  return { organizationId, clientId };
}

/** Every column of the database, of any table, which holds the mark. */
async function traces(mark: string): Promise<string[]> {
  const tables = await db.query<{ name: string }>(`
    select c.oid::regclass::text as name from pg_class c
     where c.relnamespace in ('app'::regnamespace, 'audit'::regnamespace, 'ops'::regnamespace)
       and c.relkind in ('r', 'm') and c.relname not in ('audit_seals', 'seal_mark', 'mask_keys', 'plain_columns', 'dropped_partitions')
     order by 1`);
  const found: string[] = [];
  for (const { name } of tables) {
    // The audit keeps values by column: its own columns say nothing about which.
    const parts = name.startsWith('audit.')
      ? `select * from jsonb_each((to_jsonb(t) - '{old_values,new_values}'::text[]) || coalesce(t.old_values, '{}') || coalesce(t.new_values, '{}'))`
      : 'select * from jsonb_each(to_jsonb(t))';
    const rows = await db.query<{ column: string }>(
      `select distinct e.key as column from ${name} t, lateral (${parts}) e where e.value::text ilike $1 order by 1`,
      [`%${mark}%`],
    );
    found.push(...rows.map(({ column }) => `${name}.${column}`));
  }
  return found;
}

/** Our own words in columns that take any text: nobody writes what a couple said into them. */
const OUR_OWN_WORDS =
  /\.(idempotency_key|dedup_key|stripe_payment_intent_id|stripe_invoice_id|stripe_event_id|provider|slot_provider|provider_status|error_code|failure_code|step_key|recipient_role|actor|trigger_event|trigger_ref|trigger_key|stop_reason|current_step_key|run_id|depends_on|local_time|time_zone|outcome|reason|ended_stages|moved_steps|provider_state|assignee_role|purposes|event_type|external_event_id|last_error|waiting_for|name|invoice_number|kind|url|fault|remote_address|decision|previous_status)$/;

describe('register of personal data', () => {
  it('has every table that was said to tell something about a person, and no other', async () => {
    const rows = await db.query(`
      select coalesce(d.table_name, p.table_name) as name from (select * from ops.table_decisions where personal_data) d
        full join ops.personal_tables p on p.table_name = d.table_name
       where d.table_name is null or p.table_name is null`);
    expect(rows).toEqual([]);
  });

  it('has every table whose rows belong to a client by a foreign key', async () => {
    const known = {
      stripe_payment_links: 'names a payment, which stays as a financial record',
      team_mails: 'tells that a notification went to a member of the team; goes with it',
    };
    const rows = await db.query<{ name: string }>(`
      with recursive owned as (
        select 'app.clients'::regclass::oid as oid
        union
        select k.conrelid from pg_constraint k join owned o on k.confrelid = o.oid
         where k.contype = 'f' and k.conparentid = 0 and k.connamespace = 'app'::regnamespace
      )
      select c.relname as name from owned o join pg_class c on c.oid = o.oid
       where not c.relispartition and c.relname not in (select table_name from ops.personal_tables)`);
    expect(rows.map(({ name }) => name).filter((name) => !(name in known))).toEqual([]);
  });

  it('has every table with a column client_id', async () => {
    const known = { outbox: 'a queue: its rows are gone after a day, and hold no words' };
    const rows = await db.query<{ name: string }>(`
      select c.relname as name from pg_attribute a join pg_class c on c.oid = a.attrelid
       where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
         and a.attname = 'client_id' and c.relname not in (select table_name from ops.personal_tables)`);
    expect(rows.map(({ name }) => name).filter((name) => !(name in known))).toEqual([]);
  });
});

describe('register of personal data, by the words of its columns', () => {
  it('has every table with a column that speaks of a person', async () => {
    const known: Readonly<Record<string, string>> = {
      organizations: 'a business: its name, not that of a person',
      'journeys.name': 'the name of a journey',
    };
    const rows = await db.query<{ name: string; column: string }>(`
      select c.relname as name, a.attname as column from pg_attribute a join pg_class c on c.oid = a.attrelid
       where c.relnamespace = 'app'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
         and a.attnum > 0 and not a.attisdropped and a.atttypid in ('text'::regtype, 'inet'::regtype, 'jsonb'::regtype)
         and a.attname ~ '(first_name|last_name|full_name|display_name|partner|e_?mail|phone|contact_value|recipient|user_agent|^ip$|answers|address$)'
         and c.relname not in (select table_name from ops.personal_tables)`);
    expect(rows.filter(({ name, column }) => !(name in known) && !(`${name}.${column}` in known))).toEqual([]);
  });

  it('masks the names of a team in the audit too', async () => {
    const organizationId = await oneRowOfEach(db, 'team');
    await db.query(`update app.user_profiles set first_name = 'Qxmember', role = 'ADMIN' where organization_id = $1`, [
      organizationId,
    ]);
    const [row] = await db.query<{ values: Record<string, string> }>(
      `select new_values as values from audit.audit_logs
        where organization_id = $1 and table_name = 'user_profiles' and action = 'update'`,
      [organizationId],
    );
    expect(row?.values).toEqual({ first_name: expect.stringMatching(/^~[0-9a-f]{16}$/) as string, role: 'ADMIN' });
  });
});

describe('export', () => {
  it('has a row of every table, explained, with a hash of exactly these bytes', async () => {
    const { organizationId, clientId } = await markedClient('exported', 'Qxexport');
    const exported = await exportClient(db.api, context(organizationId), clientId, 'archive.json', NOW);
    const archive = JSON.parse(exported?.json ?? '{}') as {
      tables: Record<string, Record<string, unknown>[]>;
      meaning: Record<string, { description: string; columns: Record<string, string> }>;
    };
    const tables = await db.query<{ table_name: string }>(
      `select table_name from ops.personal_tables where subject = 'client' order by 1`,
    );
    expect(Object.keys(archive.tables).toSorted()).toEqual(tables.map((row) => row.table_name));
    const empty = Object.entries(archive.tables).filter(([, rows]) => rows.length === 0);
    expect(empty.map(([name]) => name)).toEqual([]);
    const unexplained = Object.entries(archive.tables).flatMap(([table, [row]]) =>
      Object.keys(row ?? {}).filter((column) => archive.meaning[table]?.columns[column] === undefined),
    );
    expect(unexplained).toEqual([]);
    const [kept] = await db.query(
      `select status, requested_by, encode(sha256, 'hex') as sha256 from app.data_export_requests where id = $1`,
      [exported?.requestId],
    );
    expect(kept).toEqual({ status: 'completed', requested_by: 'user:test', sha256: exported?.sha256 });
  });

  it('has no secret of ours, and nothing of another client', async () => {
    const { organizationId, clientId } = await markedClient('mine', 'Qxmine');
    await markedClient('theirs', 'Qxtheirs');
    const exported = await exportClient(db.api, context(organizationId), clientId, 'archive.json', NOW);
    expect(exported?.json).not.toContain('Qxtheirs');
    expect(exported?.json).not.toMatch(/"(token|address_hash|raw_body|recipient_hash)":/);
  });

  it('of a client of another organization is none', async () => {
    const [mine, theirs] = [await oneRowOfEach(db, 'a-1'), await oneRowOfEach(db, 'a-2')];
    expect(await exportClient(db.api, context(mine), await clientOf(theirs), 'archive.json', NOW)).toBeNull();
  });
});

describe('erasure', () => {
  it('leaves no word of the couple anywhere, keeps what the law wants, and proves that it was done', async () => {
    const { organizationId, clientId } = await markedClient('erased', 'Qxerase');
    await db.query(
      `update app.journey_executions set status = 'completed', completed_at = now() where client_id = $1`,
      [clientId],
    );
    const result = await deleteClient(db.api, context(organizationId), clientId, 0);
    expect(result.outcome).toBe('erased');
    expect((await traces('Qxerase')).filter((column) => !OUR_OWN_WORDS.test(column))).toEqual([]);
    const [left] = await db.query(
      `select c.partner_1_name, c.erased_at is not null as erased,
              (select count(*) from app.payments p where p.client_id = c.id) as payments,
              (select count(*) from app.suppressions s where s.organization_id = c.organization_id) as suppressions,
              (select status from app.data_deletion_requests r where r.subject_id = c.id and r.requested_by = 'user:test') as request,
              (select count(*) from audit.audit_logs l where l.record_id = c.id::text and l.action = 'privacy.erased') as audited
         from app.clients c where c.id = $1`,
      [clientId],
    );
    expect(left).toEqual({
      partner_1_name: 'Deleted',
      erased: true,
      payments: '1',
      suppressions: '1',
      request: 'completed',
      audited: '1',
    });
    const problems = await db.query(
      `select check_name from ops.verify_data_integrity() where check_name in ('foreign_key', 'audit')`,
    );
    expect(problems).toEqual([]);
  });

  it('takes every row away where there is no financial record', async () => {
    const { organizationId, clientId } = await markedClient('removed', 'Qxremove');
    await db.query(`set session_replication_role = replica;
      delete from app.payment_history where organization_id = '${organizationId}';
      delete from app.payment_schedules where organization_id = '${organizationId}';
      delete from app.stripe_payment_links where organization_id = '${organizationId}';
      delete from app.payments where organization_id = '${organizationId}';
      delete from app.invoices where organization_id = '${organizationId}';
      set session_replication_role = origin`);
    const { rows: left } = await withTenant(db.api, context(organizationId), async (trx) => {
      await trx.updateTable('clients').set({ deleted_at: NOW }).where('id', '=', clientId).execute();
      return trx.executeQuery<{ report: unknown }>(
        trx.selectNoFrom((eb) => eb.fn('app.erase_client', [eb.val(clientId)]).as('report')).compile(),
      );
    });
    expect(left[0]?.report).toMatchObject({ removed: true });
    expect(await db.query(`select from app.clients where id = $1`, [clientId])).toEqual([]);
  });

  it('waits for the journeys to end, and is finished by the upkeep otherwise', async () => {
    const organizationId = await oneRowOfEach(db, 'waiting');
    const clientId = await clientOf(organizationId);
    await db.query(`delete from app.data_deletion_requests`);
    expect(await deleteClient(db.api, context(organizationId), clientId, 0)).toMatchObject({ outcome: 'pending' });
    expect(await db.query(`select ops.finish_deletions() as n`)).toEqual([{ n: '0' }]);
    const [told] = await db.query(
      `select count(*) > 0 as told from app.outbox where client_id = $1 and event = 'client.deleted'`,
      [clientId],
    );
    expect(told).toEqual({ told: true });
    await db.query(
      `update app.journey_executions set status = 'cancelled', completed_at = now() where client_id = $1`,
      [clientId],
    );
    expect(await db.query(`select ops.finish_deletions() as n`)).toEqual([{ n: '1' }]);
    const [request] = await db.query(
      `select status, report is not null as reported from app.data_deletion_requests where subject_id = $1 and requested_by = 'user:test'`,
      [clientId],
    );
    expect(request).toEqual({ status: 'completed', reported: true });
  });

  it('does not reach a client of another organization', async () => {
    const [mine, theirs] = [await oneRowOfEach(db, 'b-1'), await oneRowOfEach(db, 'b-2')];
    const clientId = await clientOf(theirs);
    expect(await deleteClient(db.api, context(mine), clientId, 0)).toEqual({ outcome: 'not_found' });
    expect(await db.query(`select partner_1_name as name from app.clients where id = $1`, [clientId])).toEqual([
      { name: 'b-2' },
    ]);
  });
});

describe('a deletion that can be taken back', () => {
  const daysAgo = (clientId: string, days: number): Promise<unknown> =>
    db.query(`update app.clients set deleted_at = now() - make_interval(days => $2) where id = $1`, [clientId, days]);
  const purge = () => db.query(`select ops.purge_deleted_clients() as n`);

  it('is taken back within 90 days, and not after', async () => {
    const organizationId = await oneRowOfEach(db, 'recovered');
    const clientId = await clientOf(organizationId);
    await db.query(`delete from app.data_retention_policies where organization_id = $1`, [organizationId]);
    const inOrganization = <T>(work: Parameters<typeof withTenant<T>>[2]) =>
      withTenant(db.api, context(organizationId), work);
    expect(await inOrganization((trx) => softDeleteClient(trx, clientId, null))).toBe(true);
    await daysAgo(clientId, 89);
    expect(await purge()).toEqual([{ n: '0' }]);
    expect(await inOrganization((trx) => restoreClient(trx, clientId))).toBe('restored');
    await daysAgo(clientId, 91);
    expect(await purge()).toEqual([{ n: '1' }]);
    expect(await purge()).toEqual([{ n: '0' }]);
    expect(await inOrganization((trx) => restoreClient(trx, clientId))).toBe('erased');
  });

  it('lasts as long as the organization says', async () => {
    const organizationId = await oneRowOfEach(db, 'patient');
    const clientId = await clientOf(organizationId);
    await db.query(`update app.data_retention_policies set keep_days = 365 where organization_id = $1`, [
      organizationId,
    ]);
    await daysAgo(clientId, 91);
    expect(await purge()).toEqual([{ n: '0' }]);
    await daysAgo(clientId, 366);
    expect(await purge()).toEqual([{ n: '1' }]);
  });
});

describe('an organization that is deleted', () => {
  const purge = () => db.query(`select ops.purge_deleted_organizations() as n`);

  it('goes with every row after 90 days, once its journeys have ended, and leaves the others and the audit', async () => {
    const [gone, stays] = [await oneRowOfEach(db, 'gone'), await oneRowOfEach(db, 'stays')];
    const sizes = () =>
      db.query<{ name: string; n: string }>(
        `select t.table_name as name, (xpath('/row/n/text()', query_to_xml(format(
                  'select count(*) as n from app.%I where %I = %L', t.table_name,
                  case t.table_name when 'organizations' then 'id' else 'organization_id' end, $1::text), false, true, '')))[1]::text as n
           from ops.table_decisions t
          where t.table_name = 'organizations' or exists (select from pg_attribute a
                 where a.attrelid = ('app.' || t.table_name)::regclass and a.attname = 'organization_id') order by 1`,
        [gone],
      );
    await db.query(`update app.organizations set deleted_at = now() - interval '91 days' where id = $1`, [gone]);
    expect(await purge()).toEqual([{ n: '0' }]);
    await db.query(
      `update app.journey_executions set status = 'stopped', completed_at = now() where organization_id = $1`,
      [gone],
    );
    await db.query(`update app.organizations set deleted_at = now() - interval '89 days' where id = $1`, [gone]);
    expect(await purge()).toEqual([{ n: '0' }]);
    await db.query(`update app.organizations set deleted_at = now() - interval '91 days' where id = $1`, [gone]);
    expect(await purge()).toEqual([{ n: '1' }]);
    expect((await sizes()).filter(({ n }) => n !== '0')).toEqual([]);
    const [kept] = await db.query(
      `select (select count(*) from app.clients where organization_id = $2) as others,
              (select count(*) > 0 from audit.audit_logs where organization_id = $1 and retention_class = 'financial') as money,
              (select count(*) from audit.mask_keys where organization_id = $1) as keys`,
      [gone, stays],
    );
    expect(kept).toEqual({ others: '1', money: true, keys: '0' });
    expect(await db.query(`select from ops.verify_data_integrity() where check_name = 'foreign_key'`)).toEqual([]);
  });
});

describe('policies of an organization', () => {
  it('end what it wants kept for a shorter time, and nothing of others', async () => {
    const [strict, other] = [await oneRowOfEach(db, 'strict'), await oneRowOfEach(db, 'lenient')];
    await db.query(
      `update app.communications set created_at = now() - interval '40 days', content = 'words', recipient = 'r'
      where organization_id in ($1, $2)`,
      [strict, other],
    );
    await db.query(
      `update app.form_submissions set created_at = now() - interval '40 days' where organization_id in ($1, $2)`,
      [strict, other],
    );
    await db.query(
      `insert into app.data_retention_policies (organization_id, table_name, keep_days, action)
      values ($1, 'communications', 30, 'anonymise'), ($1, 'form_submissions', 30, 'delete')`,
      [strict],
    );
    const done = await db.query(`select table_name, affected from ops.apply_retention_policies() order by 1`);
    expect(done).toEqual([
      { table_name: 'communications', affected: '1' },
      { table_name: 'form_submissions', affected: '1' },
    ]);
    const left = await db.query(
      `select o.slug, (select content from app.communications m where m.organization_id = o.id) as content,
              (select count(*) from app.form_submissions f where f.organization_id = o.id) as forms
         from app.organizations o where o.id in ($1, $2) order by 1 desc`,
      [strict, other],
    );
    expect(left).toEqual([
      { slug: 'strict', content: null, forms: '0' },
      { slug: 'lenient', content: 'words', forms: '1' },
    ]);
  });

  it('can only be such that can be carried out', async () => {
    const organizationId = await oneRowOfEach(db, 'wishful');
    await expect(
      db.query(
        `insert into app.data_retention_policies (organization_id, table_name, keep_days, action)
        values ($1, 'payments', 30, 'delete')`,
        [organizationId],
      ),
    ).rejects.toThrow(/table_name_check/);
  });
});
