// Forms and what was answered.

import type { ColumnLists } from './column-lists.ts';

const FORM_STATUSES = ['draft', 'published', 'archived'] as const;
export type FormStatus = (typeof FORM_STATUSES)[number];

const SUBMISSION_STATUSES = ['draft', 'submitted', 'archived'] as const;
export type SubmissionStatus = (typeof SUBMISSION_STATUSES)[number];

const FORM_FIELD_TYPES = [
  'text',
  'long_text',
  'number',
  'date',
  'time',
  'choice',
  'choices',
  'yes_no',
  'email',
  'phone',
  'address',
  'file',
  'signature',
] as const;
export type FormFieldType = (typeof FORM_FIELD_TYPES)[number];

export const FORMS_COLUMNS: ColumnLists = {
  'forms.status': { type: 'FormStatus', values: FORM_STATUSES },
  'form_submissions.status': { type: 'SubmissionStatus', values: SUBMISSION_STATUSES },
  'form_fields.field_type': { type: 'FormFieldType', values: FORM_FIELD_TYPES },
};
