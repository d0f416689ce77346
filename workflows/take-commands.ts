import { ApplicationFailure, currentUpdateInfo, setHandler } from '@temporalio/workflow';

import type { Command, CommandInput, CommandName, NextAction } from '../activities/next-action.ts';
import { commands, lookAgain } from './messages.ts';

export interface CommandHandling {
  /** What is next as far as is known; null before the first plan. */
  readonly current: () => NextAction | null;
  /** Does it to our rows, and answers with what is next then. */
  readonly carryOut: (command: Command) => Promise<NextAction>;
  /** Only looks at the facts again. */
  readonly look: () => Promise<NextAction>;
}

/**
 * Offers a person's commands as updates. The validators refuse, before anything is written to the history, what makes
 * no sense for any execution or for one that has ended; what only our rows can tell (already sent, no such step) is
 * refused by the command itself, with the same kind of sentence.
 */
export function takeCommands({ current, carryOut, look }: CommandHandling): void {
  const refuseEnded = (): void => {
    const next = current();
    if (next?.kind === 'finished') throw refusal(`The journey is ${next.status}.`, 'ended');
  };
  setHandler(lookAgain, look, { validator: refuseEnded });
  for (const [key, update] of Object.entries(commands)) {
    const name = key as CommandName;
    const validator = (input: CommandInput): void => {
      refuseEnded();
      const problem = problemOf(name, input);
      if (problem !== null) throw refusal(problem, 'bad_input');
    };
    // The id of the update makes the same command, given again after a lost answer, one command.
    const handler = (input: CommandInput): Promise<NextAction> =>
      carryOut({ ...input, name, commandId: currentUpdateInfo()?.id ?? '' });
    setHandler(update, handler, { validator, description: DESCRIPTIONS[name] });
  }
}

/** For the list of updates on Temporal's page. */
const DESCRIPTIONS: Readonly<Record<CommandName, string>> = {
  pause: 'Hold this execution. {"by"}',
  resume: 'Let it go on. {"by", "late": "send" | "skip" | "ask"}',
  skipStep: 'This couple does not get this step. {"by", "key", "occurrence"?}',
  runNow: 'The step goes as soon as nothing forbids it. {"by", "key", "occurrence"?}',
  retryStep: 'Try a failed or unknown step again. {"by", "key", "occurrence"?}',
  reschedule: 'Put a step to another instant. {"by", "key", "occurrence"?, "at"}',
  migrate: 'Move to another version of the journey. {"by", "version"}',
  approve: 'The message, or the missed step, has its OK. {"by", "key", "occurrence"?}',
  reject: 'The message, or the missed step, is not wanted. {"by", "key", "occurrence"?}',
  asTemplate: 'The words of this couple\'s own are taken back: it gets the template\'s. {"by", "key", "occurrence"?}',
  stop: 'End it; closing steps run. {"by"}',
  restart: 'End it without its closing steps, and begin again from the start. {"by"}',
};

const ABOUT_A_STEP: ReadonlySet<CommandName> = new Set([
  'skipStep',
  'runNow',
  'retryStep',
  'reschedule',
  'approve',
  'reject',
  'asTemplate',
]);
const ANSWERS: ReadonlySet<unknown> = new Set(['send', 'skip', 'ask']);

function problemOf(name: CommandName, input: CommandInput | undefined): string | null {
  const { by, key, occurrence = 1, at, version, late } = input ?? { by: '' };
  if (!matches(by, /^[a-z]{1,20}(?::[\w.-]{1,60})?$/)) {
    return 'Say who commands, by an id and no name: {"by": "user:<id>"} or {"by": "admin"}.';
  }
  if (ABOUT_A_STEP.has(name)) {
    if (!matches(key, /^[a-z][a-z0-9_]{0,39}$/)) return 'Name the step by its key: {"key": "welcome"}.';
    if (!isCount(occurrence)) return 'The occurrence of a step is a whole number from 1 on.';
  }
  if (name === 'reschedule' && !(matches(at, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/) && Date.parse(at) > 0)) {
    return 'Say when, in UTC and to the second: {"at": "2027-04-01T09:00:00Z"}.';
  }
  if (name === 'migrate' && !isCount(version)) return 'Name the version by its number: {"version": 2}.';
  if (name === 'resume' && late !== undefined && !ANSWERS.has(late)) {
    return 'What was missed is answered with "send", "skip" or "ask".';
  }
  return null;
}

const matches = (value: unknown, pattern: RegExp): value is string => typeof value === 'string' && pattern.test(value);
const isCount = (value: unknown): boolean => Number.isInteger(value) && Number(value) >= 1 && Number(value) <= 9_999;
const refusal = (message: string, type: string): ApplicationFailure => ApplicationFailure.nonRetryable(message, type);
