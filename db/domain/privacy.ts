// How long something is kept, and what is asked for by law.

import type { ColumnLists } from './column-lists.ts';

/** What is done with rows older than a policy allows. */
const RETENTION_ACTIONS = ['delete', 'anonymise'] as const;
export type RetentionAction = (typeof RETENTION_ACTIONS)[number];

const SUBJECT_TYPES = ['client', 'couple'] as const;
export type SubjectType = (typeof SUBJECT_TYPES)[number];

const REQUEST_STATUSES = ['pending', 'running', 'completed', 'failed'] as const;
export type RequestStatus = (typeof REQUEST_STATUSES)[number];

export const PRIVACY_COLUMNS: ColumnLists = {
  'data_retention_policies.action': { type: 'RetentionAction', values: RETENTION_ACTIONS },
  'data_export_requests.subject_type': { type: 'SubjectType', values: SUBJECT_TYPES },
  'data_export_requests.status': { type: 'RequestStatus', values: REQUEST_STATUSES },
  'data_deletion_requests.subject_type': { type: 'SubjectType', values: SUBJECT_TYPES },
  'data_deletion_requests.status': { type: 'RequestStatus', values: REQUEST_STATUSES },
};
