// The closed lists of the database, each equal to a check constraint there (a test compares them). Types generated from
// the database take these unions instead of `string`. Each area has a file with its lists and the columns that have them.

import type { ColumnLists } from './domain/column-lists.ts';
import { COUPLES_COLUMNS } from './domain/couples.ts';
import { FORMS_COLUMNS } from './domain/forms.ts';
import { JOURNEYS_COLUMNS } from './domain/journeys.ts';
import { MESSAGES_COLUMNS } from './domain/messages.ts';
import { MONEY_COLUMNS } from './domain/money.ts';
import { ORGANIZATIONS_COLUMNS } from './domain/organizations.ts';
import { PRIVACY_COLUMNS } from './domain/privacy.ts';
import { PROGRAMS_COLUMNS } from './domain/programs.ts';

export type * from './domain/couples.ts';
export type * from './domain/forms.ts';
export type * from './domain/journeys.ts';
export type * from './domain/messages.ts';
export type * from './domain/money.ts';
export type * from './domain/organizations.ts';
export type * from './domain/privacy.ts';
export type * from './domain/programs.ts';

/** Which list belongs to which column of `app`. */
export const COLUMN_LISTS: ColumnLists = {
  ...ORGANIZATIONS_COLUMNS,
  ...COUPLES_COLUMNS,
  ...JOURNEYS_COLUMNS,
  ...MONEY_COLUMNS,
  ...MESSAGES_COLUMNS,
  ...FORMS_COLUMNS,
  ...PROGRAMS_COLUMNS,
  ...PRIVACY_COLUMNS,
};
