import {
  defineSearchAttributeKey,
  type SearchAttributeUpdatePair,
  type TypedSearchAttributes,
} from '@temporalio/common';

import type { VisibleState } from '../activities/next-action.ts';

const status = defineSearchAttributeKey('JourneyStatus', 'KEYWORD');
const blocked = defineSearchAttributeKey('Blocked', 'BOOL');
const version = defineSearchAttributeKey('JourneyVersion', 'INT');
const weddingDate = defineSearchAttributeKey('WeddingDate', 'DATETIME');
const currentStep = defineSearchAttributeKey('CurrentStep', 'KEYWORD');
const nextDueAt = defineSearchAttributeKey('NextDueAt', 'DATETIME');

type Shown = Pick<VisibleState, 'status' | 'blocked' | 'version' | 'weddingOn'>;

/** What the index knows when a run begins: the start wrote it, or the run before this one. */
export function shownAtStart(attributes: TypedSearchAttributes): Shown {
  return {
    status: attributes.get(status) ?? '',
    blocked: attributes.get(blocked) ?? false,
    version: attributes.get(version) ?? 0,
    weddingOn: attributes.get(weddingDate)?.toISOString().slice(0, 10) ?? null,
  };
}

/**
 * What has to be written to Temporal's index after the state `now`. An update is an event in the history, so the two
 * attributes that move with every step (current step, next due) are written only together with one of the others;
 * between those the database is the place to ask.
 */
export function visibleAttributes(before: Shown, now: VisibleState): SearchAttributeUpdatePair[] {
  const changed =
    before.status !== now.status ||
    before.blocked !== now.blocked ||
    before.version !== now.version ||
    before.weddingOn !== now.weddingOn;
  if (!changed) return [];
  return [
    { key: status, value: now.status },
    { key: blocked, value: now.blocked },
    { key: version, value: now.version },
    { key: weddingDate, value: now.weddingOn === null ? null : new Date(`${now.weddingOn}T00:00:00Z`) },
    { key: currentStep, value: now.currentStep },
    { key: nextDueAt, value: now.nextDueMs === null ? null : new Date(now.nextDueMs) },
  ];
}
