import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';

import type { NextAction } from '../activities/next-action.ts';

/** Something that a plan depends on has changed; which thing does not matter, the planner reads them all. */
export const factsChanged = defineSignal<[{ eventId: string }]>('factsChanged');

/**
 * The same with an answer: what is next, once the facts have been looked at again. For people who wait for what their
 * command came to; refused where the execution has ended.
 */
export const lookAgain = defineUpdate<NextAction>('lookAgain');

/** What the execution does next. */
export const journeyState = defineQuery<NextAction | null>('journeyState');
