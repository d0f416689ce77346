import type { AttemptRow, DeliveryRow, WebhookRow } from '../../db/webhooks.ts';
import { table } from './table.ts';

const width = (): number | null => (process.stdout.isTTY ? (process.stdout.columns ?? 100) : null);
const at = (date: Date | null): string => date?.toISOString().replace(/\.\d+Z$/, 'Z') ?? '';
const cells = (...texts: (string | number | null)[]) => texts.map((text) => ({ text: String(text ?? '') }));

export function webhooksTable(
  rows: readonly WebhookRow[],
  none = 'No endpoint yet. Add one: wedsync webhooks create --help',
): string {
  if (rows.length === 0) return none;
  const state = ({ isActive, failingSince, disabledReason }: WebhookRow): string => {
    if (!isActive) return `off: ${disabledReason ?? 'by a person'}`;
    return failingSince === null ? 'on' : `on, failing since ${at(failingSince)}`;
  };
  return table(
    ['NAME', 'ID', 'URL', 'EVENTS', 'STATE'],
    rows.map((row) => cells(row.name, row.id, row.url, row.events.join(','), state(row))),
    width(),
  );
}

export function deliveriesTable(rows: readonly DeliveryRow[]): string {
  if (rows.length === 0) return 'No such delivery.';
  const state = (row: DeliveryRow): string => {
    if (row.status === 'failed') return `again at ${at(row.nextAttemptAt)}: ${row.lastError ?? ''}`;
    return row.lastError ?? '';
  };
  return table(
    ['ID', 'MADE', 'EVENT', 'ENDPOINT', 'STATUS', 'TRIES', 'ANSWER', ''],
    rows.map((row) =>
      cells(
        row.id,
        at(row.createdAt),
        row.eventType,
        row.webhook,
        row.status,
        row.attempts,
        row.lastResponseStatus,
        state(row),
      ),
    ),
    width(),
  );
}

export function attemptsTable(rows: readonly AttemptRow[]): string {
  if (rows.length === 0) return 'No attempt yet: is a worker running?';
  const answer = (row: AttemptRow): string => row.error ?? (row.responseSnippet ?? '').slice(0, 200);
  return table(
    ['TRY', 'AT', 'STATUS', 'MS', 'DECISION', 'ANSWER'],
    rows.map((row) => cells(row.attempt, at(row.at), row.status, row.durationMs, row.decision, answer(row))),
    width(),
  );
}
