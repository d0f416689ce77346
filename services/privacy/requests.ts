import { sql } from 'kysely';

import type { Trx } from '../../db/tenant.ts';

/** Somebody asked for an export or a deletion of what is kept about a couple. */
export interface PrivacyRequest {
  readonly kind: 'export' | 'deletion';
  readonly requestId: string;
  readonly status: 'pending' | 'running' | 'completed' | 'failed';
  readonly subjectId: string;
  readonly requestedBy: string;
  /** UTC. */
  readonly requestedAt: string;
  readonly finishedAt: string | null;
}

/** The requests of the organization, newest first. */
export async function privacyRequests(trx: Trx): Promise<PrivacyRequest[]> {
  const { rows } = await sql<PrivacyRequest>`
    select kind, id as "requestId", status, subject_id as "subjectId", requested_by as "requestedBy",
           app.iso_instant(created_at) as "requestedAt", app.iso_instant(finished_at) as "finishedAt"
      from (
        select 'export' as kind, id, status, subject_id, requested_by, created_at, finished_at, organization_id
          from app.data_export_requests
        union all
        select 'deletion', id, status, subject_id, requested_by, created_at, finished_at, organization_id
          from app.data_deletion_requests) r
     where organization_id = (select app.current_org_id())
     order by created_at desc, id`.execute(trx);
  return rows;
}
