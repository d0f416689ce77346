// What keeps a step from being asked at all: an arm that was decided against, a stop, a stage that has ended, an answer
// or an end that is still to come.
import { formatInstant } from './calendar.ts';
import type { Anchored } from './anchors.ts';
import { isMessage } from './definition.ts';
import { endedFromOutside, endOfStep, outcomeOf, wasSkipped } from './endings.ts';
import type { Placed } from './journey-tree.ts';
import type { Planning, Verdict } from './planning.ts';
import type { NotTakenReason } from './reasons.ts';

/** The verdict on every occurrence of a step that has not ended, or null where the step stands on its own feet. */
export function barrierOf(planning: Planning, placed: Placed, anchored: Anchored): Verdict | null {
  const ended = endOfStage(planning, placed);
  return (
    armNotTaken(planning, placed, ended) ??
    dependencyNotTaken(planning, placed, anchored, ended) ??
    ended ??
    openArm(planning, placed) ??
    openDependency(anchored)
  );
}

/** Nothing is sent from the stop on, or from the end of its stage. */
function endOfStage(planning: Planning, placed: Placed): Verdict | null {
  const { stop } = planning;
  if (stop && !placed.closing) {
    const why = stop.why === undefined ? {} : { why: stop.why };
    return {
      kind: 'over',
      state: 'skipped',
      at: stop.at,
      reason: { code: 'stopped', at: formatInstant(stop.at), ...why },
    };
  }
  const { stage } = placed.step;
  const at = stage === undefined ? undefined : planning.endedStages.get(stage);
  if (stage === undefined || at === undefined) return null;
  return { kind: 'over', state: 'skipped', at, reason: { code: 'stage_ended', stage, at: formatInstant(at) } };
}

function armNotTaken(planning: Planning, placed: Placed, ended: Verdict | null): Verdict | null {
  const parent = parentOf(planning, placed);
  if (!parent) return null;
  const end = endOfStep(planning, parent);
  if (end.kind === 'open') return null;
  const { key } = parent.step;
  if (end.kind === 'not_taken') return notTaken({ code: codeOf(planning, parent), step: key }, planning, parent);
  if (outcomeOf(planning, key) === placed.step.in?.arm) return null;
  // What ended the condition ended this step in the same moment: that is the nearer reason.
  if (ended && endedFromOutside(planning, parent)) return null;
  return notTaken({ code: 'other_arm', step: key }, planning, parent);
}

function dependencyNotTaken(
  planning: Planning,
  placed: Placed,
  anchored: Anchored,
  ended: Verdict | null,
): Verdict | null {
  if (anchored.kind === 'not_taken') {
    return notTaken({ code: 'dependency_not_taken', step: anchored.step }, planning, planning.tree.find(anchored.step));
  }
  // A wait that counts from a message which was skipped: nothing was asked.
  const from = anchored.kind === 'known' ? anchored.from : null;
  if (placed.step.type !== 'wait_for' || !from || !isMessage(from.step) || !wasSkipped(planning, from)) return null;
  if (ended && endedFromOutside(planning, from)) return null;
  return notTaken({ code: 'dependency_not_taken', step: from.step.key }, planning, from);
}

function openArm(planning: Planning, placed: Placed): Verdict | null {
  const parent = parentOf(planning, placed);
  if (!parent || !placed.step.in || endOfStep(planning, parent).kind !== 'open') return null;
  const { step, arm } = placed.step.in;
  return { kind: 'waiting', reason: { code: 'waiting_for_answer', step, arm }, dependsOn: step, wakesAt: null };
}

function openDependency(anchored: Anchored): Verdict | null {
  if (anchored.kind !== 'open') return null;
  const { step } = anchored;
  return { kind: 'waiting', reason: { code: 'waiting_for_step', step }, dependsOn: step, wakesAt: null };
}

function notTaken(reason: NotTakenReason, planning: Planning, because: Placed | undefined): Verdict {
  const end = because ? endOfStep(planning, because) : null;
  const at = end?.kind === 'ended' ? end.at : planning.startedAt;
  return { kind: 'over', state: 'not_taken', reason, at };
}

/** Both arms of a wait that was not taken share its reason. */
function codeOf(planning: Planning, parent: Placed): NotTakenReason['code'] {
  const verdict = planning.drafts.get(parent.step.key)?.at(-1)?.verdict;
  const code = verdict && 'state' in verdict ? verdict.reason.code : undefined;
  return code === 'dependency_not_taken' ? code : 'other_arm';
}

function parentOf(planning: Planning, placed: Placed): Placed | undefined {
  return placed.step.in && planning.tree.find(placed.step.in.step);
}
