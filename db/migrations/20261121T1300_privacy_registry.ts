import { run, type MigrationDatabase } from '../migrate/statements.ts';
import { PERSONAL_TABLES, registerPersonalTable } from '../migrate/personal-tables.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `create table ops.personal_tables (
       table_name text primary key references ops.table_decisions (table_name) on delete cascade,
       subject text not null,
       place integer not null,
       rows_of_client text,
       left_out text[] not null default '{}',
       erasure text not null,
       redact text,
       remark text not null default '',
       constraint personal_tables_subject_check check (subject in ('client', 'couple', 'user')),
       constraint personal_tables_erasure_check check (erasure in ('delete', 'redact', 'keep')),
       constraint personal_tables_rows_check check ((subject = 'client') = (rows_of_client is not null)),
       constraint personal_tables_redact_check check ((erasure = 'redact') = (redact is not null)),
       constraint personal_tables_remark_check check (erasure <> 'keep' or remark <> '')
     )`,
    `comment on table ops.personal_tables is
       'For each table that tells something about a person: whose rows they are, what an export leaves out, what an erasure does. A new table with personal data must be put in here.'`,
    `comment on column ops.personal_tables.place is 'Order of the erasure: what refers to something comes before it.'`,
    `comment on column ops.personal_tables.rows_of_client is 'Condition on t: the rows about client $2 of organization $1.'`,
    `comment on column ops.personal_tables.left_out is 'Columns that are no data about the person: hashes, tokens, our own bookkeeping.'`,
    `comment on column ops.personal_tables.redact is 'The SET list which takes away what tells something about the person and leaves the rest.'`,
    `grant select on ops.personal_tables to app_api, app_worker, app_readonly, app_ops`,
    // What an organization may shorten, and how: everything else follows the defaults.
    `alter table app.data_retention_policies add constraint data_retention_policies_table_name_check check (
       (table_name, action) in (
         ('clients', 'delete'), ('communications', 'anonymise'), ('form_submissions', 'delete'), ('tasks', 'delete'),
         ('notifications', 'delete'), ('activities', 'delete'), ('webhook_deliveries', 'anonymise')))`,
    `comment on column app.data_retention_policies.keep_days is
       'Of clients: days after their deletion, in which they can be restored. Of others: days after they came to be.'`,
    `alter table app.clients add column erased_at timestamptz`,
    `comment on column app.clients.erased_at is
       'When everything that tells something about the couple was taken away; the row stays for financial records only.'`,
  );
  for (const [index, table] of PERSONAL_TABLES.entries()) await registerPersonalTable(db, table, (index + 1) * 10);
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `alter table app.clients drop column erased_at`,
    `comment on column app.data_retention_policies.keep_days is null`,
    `alter table app.data_retention_policies drop constraint data_retention_policies_table_name_check`,
    `drop table ops.personal_tables`,
  );
}
