import type { ClientEventRow, InboundEventRow } from '../../db/event-lists.ts';
import { table } from './table.ts';

const width = (): number | null => (process.stdout.isTTY ? (process.stdout.columns ?? 100) : null);
const at = (date: Date): string => date.toISOString().replace(/\.\d+Z$/, 'Z');
const cells = (...texts: (string | null)[]) => texts.map((text) => ({ text: text ?? '' }));

export function clientEventsTable(rows: readonly ClientEventRow[]): string {
  if (rows.length === 0) return 'Nothing has happened yet.';
  return table(
    ['AT', 'COUPLE', 'EVENT', 'FROM', 'DATA'],
    rows.map((row) => cells(at(row.at), row.client, row.name, row.source, JSON.stringify(row.data))),
    width(),
  );
}

export function inboundEventsTable(rows: readonly InboundEventRow[]): string {
  if (rows.length === 0) return 'Nothing has come in.';
  const state = (row: InboundEventRow): string => (row.verified ? row.status : `${row.status}, not verified`);
  return table(
    ['ID', 'RECEIVED', 'FROM', 'EVENT', 'STATUS', 'REASON'],
    rows.map((row) => cells(row.id, at(row.receivedAt), row.endpoint, row.eventType, state(row), row.reason)),
    width(),
  );
}
