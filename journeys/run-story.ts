// Runs a story and compares what went out with what it expects.
import { isMessage, type JourneyDefinition, type Step } from './definition.ts';
import { doubtScript, type ScriptDoubt } from './doubt-script.ts';
import { stepsByKey } from './effects.ts';
import type { PlannedStep } from './plan.ts';
import { primaryOf } from './recipients.ts';
import { simulate, type LogEntry, type Simulation } from './simulate.ts';
import type { ExpectedNot, ExpectedOut, Story } from './story.ts';
import { createCalendar, formatLocal } from './calendar.ts';

/** Something that took effect: a message, a task, a notification, a call, a change of the couple's record. */
export type WentOut = Extract<LogEntry, { kind: 'step' }>;

export type Difference =
  /** It should have gone out and did not. */
  | { readonly kind: 'missing'; readonly step: string; readonly occurrence: number; readonly message: string }
  /** It went out and should not have. */
  | { readonly kind: 'unexpected'; readonly step: string; readonly occurrence: number; readonly message: string }
  /** It went out, but at another time, to somebody else or as something else. */
  | { readonly kind: 'different'; readonly step: string; readonly occurrence: number; readonly message: string }
  /** It did not go out, but for another reason. */
  | { readonly kind: 'reason'; readonly step: string; readonly occurrence: number; readonly message: string };

export type StoryResult = {
  readonly title: string;
  readonly passed: boolean;
  readonly out: readonly WentOut[];
  readonly differences: readonly Difference[];
  /** Rows of its script that probably mean something else; they let no story fail. */
  readonly doubts: readonly ScriptDoubt[];
  readonly simulation: Simulation;
};

/** Runs a story through virtual time. `expect.out` is complete up to `until`, to the minute, in any order. */
export function runStory(story: Story, definition: JourneyDefinition): StoryResult {
  const { until } = story.expect;
  const simulation = simulate(definition, story.facts, story.script, until === null ? {} : { until });
  const out = simulation.log.filter(isOut);
  const wanted = story.expect.out.filter((expected) => !isTaskBesides(expected, simulation.log));
  const differences = [
    ...wanted.flatMap((expected) => compareOut(story, expected, out)),
    ...out
      .filter((one) => !story.expect.out.some((expected) => isSame(expected, one)))
      .map((one) => unexpected(story, one)),
    ...story.expect.not.flatMap((expected) => compareNot(story, expected, simulation, out, definition)),
  ];
  const doubts = doubtScript(story.script, definition);
  return { title: story.title, passed: differences.length === 0, out, differences, doubts, simulation };
}

function isOut(entry: LogEntry): entry is WentOut {
  return entry.kind === 'step' && (entry.fate === 'sent' || entry.fate === 'done' || entry.fate === 'task_instead');
}

/** A task that followed a change of date is no occurrence of a step: a story may list it, and need not. */
function isTaskBesides(expected: ExpectedOut, log: readonly LogEntry[]): boolean {
  if (expected.type !== 'task') return false;
  return log.some(
    (entry) =>
      entry.kind === 'step' &&
      entry.fate === 'task_besides' &&
      isSame(expected, entry) &&
      minute(entry.at) === minute(expected.at),
  );
}

function isSame(expected: { step: string; occurrence: number }, one: WentOut): boolean {
  return expected.step === one.key && expected.occurrence === one.occurrence;
}

function compareOut(story: Story, expected: ExpectedOut, out: readonly WentOut[]): Difference[] {
  const { step, occurrence } = expected;
  const one = out.find((entry) => isSame(expected, entry));
  if (!one) {
    const message = `${nameOf(step, occurrence)} should have gone out on ${localOf(story, expected.at)}, but did not.`;
    return [{ kind: 'missing', step, occurrence, message }];
  }
  const different = (what: string, got: string, wanted: string): Difference => ({
    kind: 'different',
    step,
    occurrence,
    message: `${nameOf(step, occurrence)}: ${what} is ${got}, expected ${wanted}.`,
  });
  const type = one.fate === 'task_instead' ? 'task' : one.type;
  const wanted = expected.to ?? (one.fate === 'sent' ? [primaryOf(story.facts)?.role ?? 'primary'] : []);
  return [
    ...(minute(one.at) === minute(expected.at)
      ? []
      : [different('the time', localOf(story, one.at), localOf(story, expected.at))]),
    ...(type === expected.type ? [] : [different('the type', type, expected.type)]),
    ...(one.fate !== 'sent' || story.facts.contacts === undefined || sameRecipients(story, one, wanted)
      ? []
      : [different('the recipient', roles(one.to), roles(wanted))]),
  ];
}

function unexpected(story: Story, one: WentOut): Difference {
  const { key, occurrence } = one;
  const message = `${nameOf(key, occurrence)} went out on ${localOf(story, one.at)}, which the story does not expect.`;
  return { kind: 'unexpected', step: key, occurrence, message };
}

function compareNot(
  story: Story,
  expected: ExpectedNot,
  simulation: Simulation,
  out: readonly WentOut[],
  definition: JourneyDefinition,
): Difference[] {
  const { step, reasons } = expected;
  const lines = simulation.plan.steps.filter(
    (line) => line.key === step && (expected.occurrence === null || line.occurrence === expected.occurrence),
  );
  if (lines.length === 0) {
    const occurrence = expected.occurrence ?? 1;
    const message = `${nameOf(step, occurrence)} is not in the journey.`;
    // A closing step is not in the plan before the stop, and so has not happened yet.
    return reasons.length === 0 || reasons.includes('not_yet') ? [] : [{ kind: 'reason', step, occurrence, message }];
  }
  return lines.flatMap((line): Difference[] => {
    const { occurrence } = line;
    const went = out.find((one) => isSame({ step, occurrence }, one));
    if (went)
      return [
        {
          ...unexpected(story, went),
          message: `${nameOf(step, occurrence)} must not go out, but went on ${localOf(story, went.at)}.`,
        },
      ];
    if (reasons.length === 0 || wordsOf(line, definition).some((word) => reasons.includes(word))) return [];
    const message = `${nameOf(step, occurrence)} did not go out because of ${line.reason.code} (${line.state}), expected ${reasons.join(' or ')}.`;
    return [{ kind: 'reason', step, occurrence, message }];
  });
}

const ENDED = new Set(['done', 'skipped', 'failed', 'not_taken', 'will_skip']);

/** The words that are true of a line that did not go out: its reason, its state, and what else a person would say. */
function wordsOf(line: PlannedStep, definition: JourneyDefinition): string[] {
  const { reason, state } = line;
  const isAnswer = reason.code === 'rejected' && !needsApproval(stepsByKey(definition).get(line.key));
  return [
    reason.code,
    state,
    ...(ENDED.has(state) ? [] : ['not_yet']),
    // Somebody was asked what to do about a late step, and said no.
    ...(isAnswer ? ['by_person', 'missed_while_held', 'past'] : []),
  ];
}

function needsApproval(step: Step | undefined): boolean {
  return step !== undefined && isMessage(step) && step.approval !== undefined && step.approval !== 'none';
}

/** By role, or by address: partners who share one get one message, whichever of them the story names. */
function sameRecipients(story: Story, { to, type }: WentOut, wanted: readonly string[]): boolean {
  const addressOf = (role: string): string => {
    const contact = story.facts.contacts?.find((one) => one.role === role);
    return (type === 'email' ? contact?.email?.toLowerCase() : contact?.phone) ?? role;
  };
  return sameWords(to, wanted) || sameWords(to.map(addressOf), wanted.map(addressOf));
}

function sameWords(one: readonly string[], other: readonly string[]): boolean {
  return one.every((word) => other.includes(word)) && other.every((word) => one.includes(word));
}

function roles(list: readonly string[]): string {
  return list.length === 0 ? 'nobody' : list.join(' and ');
}

function minute(instant: string): string {
  return instant.slice(0, 16);
}

function nameOf(step: string, occurrence: number): string {
  return occurrence === 1 ? `"${step}"` : `"${step}" (occurrence ${occurrence})`;
}

function localOf(story: Story, instant: string): string {
  return formatLocal(createCalendar().zone(story.zone), Date.parse(instant)).replace('T', ' at ');
}
