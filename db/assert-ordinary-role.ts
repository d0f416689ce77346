import { sql } from 'kysely';

import type { Trx } from './tenant.ts';

/** The role that a program works as could pass by row security. */
export class DatabaseRoleError extends Error {
  readonly code = 'role_too_mighty';

  constructor(role: string, why: string) {
    super(
      `This program would work in the database as "${role}", which ${why}: organizations would not be kept apart. ` +
        'Give it the address of its own role, such as app_worker or app_api.',
    );
    this.name = 'DatabaseRoleError';
  }
}

/**
 * For programs that are about to work: the role of this pool is bound by row security. An address with the
 * administrator's name in it would work just as well, and nobody would notice.
 *
 * @param trx of the pool to look at
 * @throws DatabaseRoleError
 */
export async function assertOrdinaryRole(trx: Trx): Promise<void> {
  const { rows } = await sql<{ role: string; why: string | null }>`
    select current_user::text as role,
           case when r.rolsuper then 'is a superuser'
                when r.rolbypassrls then 'passes by row security'
                when pg_has_role(r.oid, 'app_owner', 'member') then 'owns the tables, or may become their owner'
           end as why
      from pg_roles r where r.rolname = current_user
  `.execute(trx);
  const [found] = rows;
  if (found !== undefined && found.why !== null) throw new DatabaseRoleError(found.role, found.why);
}
