import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';

import type { CommandInput, CommandName, FactsNews, NextAction } from '../activities/next-action.ts';

/**
 * Something that a plan depends on has changed; which thing does not matter, the planner reads them all. Whoever tells
 * may have planned already. Given by hand, on Temporal's page, it needs no input.
 */
export const factsChanged = defineSignal<[FactsNews?]>('factsChanged');

/**
 * The same with an answer: what is next, once the facts have been looked at again. For people who wait for what their
 * command came to; refused where the execution has ended.
 */
export const lookAgain = defineUpdate<NextAction>('lookAgain');

/** A person's command to one execution, which answers with what is next. */
const command = <Name extends CommandName>(name: Name) => defineUpdate<NextAction, [CommandInput], Name>(name);

/** The commands that a person may give from Temporal's pages and command line: ids, words of ours and instants only. */
export const commands = {
  pause: command('pause'),
  resume: command('resume'),
  skipStep: command('skipStep'),
  runNow: command('runNow'),
  retryStep: command('retryStep'),
  reschedule: command('reschedule'),
  migrate: command('migrate'),
  approve: command('approve'),
  reject: command('reject'),
  asTemplate: command('asTemplate'),
  stop: command('stop'),
  restart: command('restart'),
} as const satisfies { readonly [Name in CommandName]: unknown };

/** What the execution does next. */
export const journeyState = defineQuery<NextAction | null>('journeyState');
