import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';

import type { ExecutionCommand, NextAction } from '../activities/next-action.ts';

/** Something that a plan depends on has changed; which thing does not matter, the planner reads them all. */
export const factsChanged = defineSignal<[{ eventId: string }]>('factsChanged');

/** A person's command. It is answered when it has been carried out and the new plan is known. */
export const command = defineUpdate<NextAction, [ExecutionCommand]>('command');

/** What the execution does next. */
export const journeyState = defineQuery<NextAction | null>('journeyState');
