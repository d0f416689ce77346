import { sql } from 'kysely';

import type { ImportKind } from './domain.ts';
import type { Trx } from './tenant.ts';

/** A list that could not be brought as a whole. */
export interface KeptImport {
  readonly id: string;
  readonly kind: ImportKind;
  readonly fileName: string;
  readonly fileSha256: Buffer;
  readonly header: readonly string[];
  /** What was said about its columns and dates. */
  readonly options: unknown;
  /** What is wrong with the list as a whole. */
  readonly problem: string | null;
}

export interface RefusedRow {
  /** As a spreadsheet counts: the header is row 1. */
  readonly row: number;
  readonly cells: readonly string[];
  readonly reason: string;
}

/** Keeps what was refused of a list; the same list again takes its place. Answers with its id. */
export async function keepImport(trx: Trx, list: Omit<KeptImport, 'id'>, rows: readonly RefusedRow[]): Promise<string> {
  const { rows: kept } = await sql<{ id: string }>`
    insert into app.imports (kind, file_name, file_sha256, header, options, problem)
    values (${list.kind}, ${list.fileName}, ${list.fileSha256}, ${list.header}::text[],
      ${JSON.stringify(list.options)}::jsonb, ${list.problem})
    on conflict (organization_id, kind, file_sha256) do update set file_name = excluded.file_name,
      header = excluded.header, options = excluded.options, problem = excluded.problem
    returning id
  `.execute(trx);
  const id = kept[0]?.id ?? '';
  await sql`delete from app.import_rows where import_id = ${id}`.execute(trx);
  await sql`
    insert into app.import_rows (import_id, row_no, cells, reason)
    select ${id}, r.row, array(select jsonb_array_elements_text(r.cells)), r.reason
      from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (row integer, cells jsonb, reason text)
  `.execute(trx);
  return id;
}

/** Forgets a list of which nothing is refused any more. */
export async function forgetImport(trx: Trx, kind: ImportKind, fileSha256: Buffer): Promise<void> {
  await sql`delete from app.imports where kind = ${kind} and file_sha256 = ${fileSha256}`.execute(trx);
}

/** A kept list with its refused rows, in their order. */
export async function findImport(
  trx: Trx,
  kind: ImportKind,
  id: string,
): Promise<{ list: KeptImport; rows: RefusedRow[] } | null> {
  const { rows: lists } = await sql<KeptImport>`
    select id, kind, file_name as "fileName", file_sha256 as "fileSha256", header, options, problem
    from app.imports where kind = ${kind} and id::text = ${id}
  `.execute(trx);
  const [list] = lists;
  if (list === undefined) return null;
  const { rows } = await sql<RefusedRow>`
    select row_no as row, cells, reason from app.import_rows where import_id = ${list.id} order by row_no
  `.execute(trx);
  return { list, rows };
}

export interface RefusedLine extends RefusedRow {
  readonly importId: string;
  readonly fileName: string;
  readonly header: readonly string[];
}

/** What was refused of all lists of a kind, the latest first. */
export async function listRefusedRows(trx: Trx, kind: ImportKind, limit: number): Promise<RefusedLine[]> {
  const { rows } = await sql<RefusedLine>`
    select i.id as "importId", i.file_name as "fileName", i.header, coalesce(r.row_no, 1) as row,
      coalesce(r.cells, '{}') as cells, coalesce(r.reason, i.problem, '') as reason
    from app.imports i left join app.import_rows r on r.import_id = i.id
    where i.kind = ${kind} order by i.updated_at desc, i.id, r.row_no limit ${limit}
  `.execute(trx);
  return rows;
}
