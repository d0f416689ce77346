import { COLUMN_LISTS } from '../domain.ts';
import { CHECK_MESSAGES } from './check-messages.ts';
import { UNIQUE_MESSAGES } from './unique-messages.ts';

export interface DescribedConstraint {
  /** The field as the API names it. */
  field: string;
  /** What is wrong, as a sentence for the person who wrote it. */
  message: string;
}

/** What a foreign key points to, by the column that does. */
const REFERENCES: Readonly<Record<string, string>> = {
  organization_id: 'organization',
  user_id: 'person',
  assignee_id: 'person',
  recipient_id: 'person',
  created_by: 'person',
  updated_by: 'person',
  deleted_by: 'person',
  decided_by: 'person',
  released_by: 'person',
  recorded_by: 'person',
  completed_by: 'person',
  published_by: 'person',
  couple_id: 'couple',
  client_id: 'couple',
  contact_id: 'contact',
  journey_id: 'journey',
  journey_version_id: 'version of the journey',
  execution_id: 'execution',
  step_execution_id: 'step',
  template_id: 'template',
  campaign_id: 'campaign',
  batch_id: 'batch',
  communication_id: 'message',
  source_communication_id: 'message',
  reply_to_id: 'message',
  form_id: 'form',
  form_version_id: 'version of the form',
  invoice_id: 'invoice',
  payment_id: 'payment',
  webhook_id: 'endpoint',
  endpoint_id: 'address',
  delivery_id: 'delivery',
  import_id: 'import',
  notification_id: 'notification',
};

const camelCase = (name: string): string =>
  name.replaceAll(/_([a-z0-9])/g, (_match, letter: string) => letter.toUpperCase());

/**
 * What the violation of a constraint means, by the constraint's name. The one place where that is said: a constraint
 * that has no sentence fails a test.
 *
 * @returns null for a name that is not known
 */
export function describeConstraint(name: string): DescribedConstraint | null {
  const written = CHECK_MESSAGES[name] ?? UNIQUE_MESSAGES[name];
  if (written !== undefined) return { field: written[0], message: written[1] };
  return closedList(name) ?? reference(name) ?? identity(name);
}

function closedList(name: string): DescribedConstraint | null {
  for (const [column, { values }] of Object.entries(COLUMN_LISTS)) {
    if (`${column.replace('.', '_')}_check` !== name) continue;
    const field = camelCase(column.split('.')[1] ?? '');
    return { field, message: `Must be one of ${values.join(', ')}.` };
  }
  return null;
}

function reference(name: string): DescribedConstraint | null {
  if (!name.endsWith('_fkey')) return null;
  const stem = name.slice(0, -'_fkey'.length);
  // The longest column that fits: step_execution_id rather than execution_id. Short names leave out the `_id`.
  const columns = Object.keys(REFERENCES).toSorted((a, b) => b.length - a.length);
  const column = columns.find(
    (column) => stem.endsWith(`_${column}`) || stem.endsWith(`_${column.replace(/_id$/, '')}`),
  );
  if (column === undefined) return null;
  return { field: camelCase(column), message: `There is no such ${REFERENCES[column] ?? 'row'}.` };
}

/** The keys that composite foreign keys point to: violated only by somebody who writes ids that are taken. */
function identity(name: string): DescribedConstraint | null {
  return name.endsWith('_organization_id_id_key') || name.endsWith('_pkey')
    ? { field: 'id', message: 'A row with this id is there already.' }
    : null;
}
