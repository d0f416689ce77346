import { InvalidArgumentError } from 'commander';

import type { LateAnswer } from '../../services/executions/resume-execution.ts';
import type { StepName } from '../../services/executions/step-row.ts';
import { isRealDate } from '../../journeys/words.ts';
import { UUID } from '../../db/uuid.ts';

/** Id of an execution, as "list" shows it; the id of its workflow will do. */
export function executionId(text: string): string {
  const id = /^journey\/[^/]+\/([^/]+)$/.exec(text)?.[1] ?? text;
  if (UUID.test(id)) return id.toLowerCase();
  throw new InvalidArgumentError(`"${text}" is no id of an execution. "wedsync executions list" shows them.`);
}

/** Id of a couple. */
export function clientId(text: string): string {
  if (UUID.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError(`"${text}" is no id of a couple, as app.clients has it.`);
}

/** Id of a batch, as "enrol" and "batches" show it. */
export function batchId(text: string): string {
  if (UUID.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError(`"${text}" is no id of a batch. "wedsync executions batches" shows them.`);
}

export const clientIds = (text: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  clientId(text),
];

/** A step's key, or key#occurrence. */
export function stepName(text: string): StepName {
  const [, key = '', occurrence = '1'] = /^([a-z][a-z0-9_]{0,39})(?:#([1-9]\d{0,3}))?$/.exec(text) ?? [];
  if (key === '') throw new InvalidArgumentError(`"${text}" names no step: write its key, or key#occurrence.`);
  return { key, occurrence: Number(occurrence) };
}

/** An instant with its zone, to the second. */
export function instant(text: string): string {
  const ms = /\dT\d/.test(text) && /(?:Z|[+-]\d\d:?\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(ms)) throw new InvalidArgumentError(`"${text}" is no instant: write it like 2027-04-01T09:00:00Z.`);
  return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}

/** A day of the calendar. */
export function civilDate(text: string): string {
  if (isRealDate(text)) return text;
  throw new InvalidArgumentError(`"${text}" is no date of the calendar: write it like 2027-06-12.`);
}

/** A whole number from 1 on. */
export function count(text: string): number {
  const number = Number(text);
  if (/^\d{1,6}$/.test(text) && number >= 1) return number;
  throw new InvalidArgumentError(`"${text}" is no whole number from 1 on.`);
}

export function lateAnswer(text: string): LateAnswer {
  if (text === 'send' || text === 'skip' || text === 'ask') return text;
  throw new InvalidArgumentError(`"${text}" is no answer: send, skip or ask.`);
}

export function pastAnswer(text: string): 'send' | 'skip' {
  if (text === 'send' || text === 'skip') return text;
  throw new InvalidArgumentError(`"${text}" is no answer: send or skip.`);
}

const STATES = ['pending', 'active', 'paused', 'completed', 'stopped', 'failed', 'cancelled'];

/** A state of an execution. */
export function state(text: string): string {
  if (STATES.includes(text)) return text;
  throw new InvalidArgumentError(`"${text}" is no state: ${STATES.join(', ')}.`);
}
