import type { Kysely } from 'kysely';

import type { DB } from './types.gen.ts';

/**
 * Under this key a {@link Database} holds the query builder over its pool. Only `tenant.ts` and `relay.ts` may use it:
 * a query outside their transactions has no organization and would see nothing.
 */
export const raw = Symbol('raw');
export type RawDatabase = Kysely<DB>;
