import { assertNever } from '../journeys/assert-never.ts';
import { explain } from '../journeys/explain.ts';
import type { JourneyDefinition, Step } from '../journeys/definition.ts';
import type { Facts, Ledger } from '../journeys/facts.ts';
import { planJourney } from '../journeys/plan-journey.ts';
import type { Plan, PlannedStep } from '../journeys/plan.ts';
import type { NextAction, RunAction, StepActivityName, VisibleState } from './next-action.ts';

/** Temporal refuses longer summaries for some of its objects; 200 characters are enough for a person. */
const LONGEST_SUMMARY = 200;

/** A person's command comes before everything else that is due, and the steps of a crowd that begins come last. */
const PRIORITY = { command: 1, ordinary: 3 } as const;
/** What is due so soon after the start belongs to the start, and inherits its priority. */
const START_MS = 24 * 3_600_000;

export interface PlanningInput {
  readonly definition: JourneyDefinition;
  readonly version: number;
  readonly facts: Facts;
  readonly ledger: Ledger;
  /** Steps which a person put to another instant. */
  readonly movedSteps?: Readonly<Record<string, string>> | undefined;
}

/** The plan, reduced to what the workflow needs: run this, wait until then, or finished. */
export function nextActionOf(input: PlanningInput, plan: Plan): NextAction {
  const visible = visibleState(input, plan);
  const { next } = plan;
  if (next.kind === 'finished') {
    return { kind: 'finished', status: plan.status === 'stopped' ? 'stopped' : 'completed', visible };
  }
  if (next.kind === 'run') return { ...runAction(input, plan, next.key, next.occurrence), visible };
  const whenDue = next.until === null ? null : runThen(input, next.until);
  return {
    kind: 'wait',
    untilMs: next.until === null ? null : Date.parse(next.until),
    summary: cut(waitSummary(input, plan, next.until, whenDue)),
    whenDue,
    visible,
  };
}

/** What will be run at `until` if nothing changes, so that the workflow need not plan again first. */
function runThen(input: PlanningInput, until: string): RunAction | null {
  const then = planJourney(input.definition, input.facts, input.ledger, until);
  return then.next.kind === 'run' ? runAction(input, then, then.next.key, then.next.occurrence) : null;
}

function runAction(input: PlanningInput, plan: Plan, key: string, occurrence: number): RunAction {
  const line = findLine(plan, key, occurrence);
  const activity = activityOf(line);
  return {
    kind: 'run',
    activity,
    local: !REMOTE.has(activity),
    key,
    occurrence,
    summary: cut(`${activity === 'recordStep' ? `skip ${line.type}` : line.type} ${nameOf(input.definition, line)}`),
    ...(REMOTE.has(activity) ? priorityOf(input, line) : {}),
  };
}

/**
 * Whose turn it is where many wait for a worker. A couple that was put on a journey with a thousand others waits behind
 * them at first only: its later steps are as urgent as everybody's.
 */
function priorityOf({ facts, movedSteps }: PlanningInput, line: PlannedStep): Pick<RunAction, 'priorityKey'> {
  const { key, occurrence, reason, dueAt } = line;
  const triedAgain = reason.code === 'retry' && reason.problem === undefined;
  const approved = facts.approvals.some((one) => one.key === key && one.occurrence === occurrence);
  if (triedAgain || approved || movedSteps?.[key] !== undefined) return { priorityKey: PRIORITY.command };
  const { startedAt, trigger } = facts.execution;
  if (trigger?.event !== 'manual') return {};
  const isStart = dueAt === null || Date.parse(dueAt) - Date.parse(startedAt) < START_MS;
  return isStart ? {} : { priorityKey: PRIORITY.ordinary };
}

/** What leaves the house; everything else is a row of ours. */
const REMOTE: ReadonlySet<StepActivityName> = new Set(['sendEmail', 'sendSms', 'sendWhatsapp']);

function activityOf(line: PlannedStep): StepActivityName {
  if (line.state === 'will_skip') return 'recordStep';
  switch (line.type) {
    case 'email':
      return 'sendEmail';
    case 'sms':
      return 'sendSms';
    case 'whatsapp':
      return 'sendWhatsapp';
    case 'webhook':
      return 'callWebhook';
    case 'task':
      return 'createTask';
    case 'notification':
      return 'notifyTeam';
    case 'update_client':
      return 'updateClient';
    case 'condition':
    case 'wait_for':
    case 'delay':
      return 'decide';
    default:
      return assertNever(line.type);
  }
}

function visibleState({ facts, version }: PlanningInput, plan: Plan): VisibleState {
  const nextLine = nextLineOf(plan);
  return {
    // A held channel holds some steps; what pauses an execution holds all of them.
    status:
      plan.status === 'active' && facts.execution.holds.some(({ scope }) => scope !== 'channel')
        ? 'paused'
        : plan.status,
    blocked: plan.steps.some(waitsForPerson),
    version,
    weddingOn: facts.client.postponed ? null : facts.client.weddingOn,
    currentStep: nextLine?.key ?? null,
    nextDueMs: plan.next.kind === 'wait' && plan.next.until !== null ? Date.parse(plan.next.until) : null,
  };
}

/** Nothing leads on here but a decision of somebody. */
function waitsForPerson({ state, reason }: PlannedStep): boolean {
  return state === 'unknown' || reason.code === 'needs_approval' || reason.code === 'needs_answer';
}

/** The line that acts next: the one to be run, else the earliest that is planned. */
function nextLineOf({ next, steps }: Plan): PlannedStep | undefined {
  if (next.kind === 'run')
    return steps.find(({ key, occurrence }) => key === next.key && occurrence === next.occurrence);
  const planned = steps.filter(({ state, runAt }) => state === 'planned' && runAt !== null);
  return planned.sort((a, b) => compare(a.runAt ?? '', b.runAt ?? ''))[0];
}

function waitSummary(
  { definition }: PlanningInput,
  plan: Plan,
  until: string | null,
  whenDue: RunAction | null,
): string {
  const line = whenDue === null ? nextLineOf(plan) : findLine(plan, whenDue.key, whenDue.occurrence);
  if (line === undefined) return until === null ? 'waits for news of the couple' : `look again at ${until}`;
  const when =
    line.local === null ? (until ?? 'an unknown time') : `${line.local.replace('T', ' ')} ${line.zone ?? ''}`.trim();
  // What a person wrote about a hold or a stop stays in our database: it may speak of the couple.
  const reason = 'why' in line.reason ? { ...line.reason, why: undefined } : line.reason;
  const why = reason.code === 'on_time' ? '' : ` · ${explain({ ...line, reason }, (key) => stepName(definition, key))}`;
  return `${line.type} ${nameOf(definition, line)} due ${when}${why}`;
}

function nameOf(definition: JourneyDefinition, line: PlannedStep): string {
  const count = line.occurrence > 1 ? ` (${line.occurrence})` : '';
  return `"${stepName(definition, line.key)}"${count}`;
}

function stepName(definition: JourneyDefinition, key: string): string {
  const step: Step | undefined = [...definition.steps, ...(definition.closing ?? [])].find((one) => one.key === key);
  return step?.name ?? key;
}

function findLine(plan: Plan, key: string, occurrence: number): PlannedStep {
  const line = plan.steps.find((step) => step.key === key && step.occurrence === occurrence);
  if (line === undefined) throw new Error(`The plan names the step ${key}#${occurrence} as next but does not list it.`);
  return line;
}

const cut = (text: string): string =>
  text.length <= LONGEST_SUMMARY ? text : `${text.slice(0, LONGEST_SUMMARY - 1)}…`;
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
