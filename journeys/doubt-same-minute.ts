// Messages that reach the same couple in the same minute.
import { armsOf } from './doubt-never-runs.ts';
import { called, type Examined, type PlacedStep } from './examined.ts';
import type { Problem } from './problem.ts';
import { isMessage, type MessageStep } from './step-schema.ts';
import { amountOf } from './when-schema.ts';

/** Warnings over all steps. */
export function sameMinute(examined: Examined): Problem[] {
  const seen = new Map<string, PlacedStep[]>();
  return examined.steps.flatMap((placed) => {
    const moment = momentOf(placed, examined);
    if (!isMessage(placed.step) || moment === null) return [];
    const { step } = placed;
    const others = seen.get(moment) ?? [];
    seen.set(moment, [...others, placed]);
    const other = others.find((candidate) => together(candidate, placed, examined));
    if (other === undefined) return [];
    const message = `${called(step)} goes in the same minute as ${called(other.step)}. Move one of them, or make them one message.`;
    return [{ code: 'same_minute', path: `${placed.path}.when`, message }];
  });
}

/** A text that is equal for messages due in the same minute; null where that cannot be said without a plan. */
function momentOf(placed: PlacedStep, examined: Examined): string | null {
  const { when } = placed.step;
  const { weeks, ...offset } = when?.offset ?? {};
  const distance = weeks === undefined ? offset : { days: weeks * 7 };
  const nothing = amountOf(distance) === 0;
  const anchor = anchorOf(placed, examined);
  if (anchor === null) return null;
  // A message that follows another without any offset goes with it.
  const target = anchor.startsWith('step:') ? examined.byKey.get(anchor.slice('step:'.length)) : undefined;
  if (target && isMessage(target.step) && nothing && when?.at === undefined && when?.days === undefined) {
    return momentOf(target, examined);
  }
  return JSON.stringify([anchor, nothing ? {} : distance, when?.at, when?.days ?? 'any', when?.roll, when?.zone]);
}

/** What a step counts from, with `previous_step` as the step it means; null where that is decided only at the time. */
function anchorOf(placed: PlacedStep, { steps }: Examined): string | null {
  const anchor = placed.step.when?.anchor;
  if (anchor !== undefined && anchor !== 'previous_step') return anchor;
  if (anchor === undefined && placed.list === 'closing') return 'stop';
  const before = steps.find(({ list, index }) => list === placed.list && index === placed.index - 1);
  if (before === undefined) return 'journey_start';
  const [arm, armBefore] = [placed.step.in, before.step.in];
  return arm?.step === armBefore?.step && arm?.arm === armBefore?.arm ? `step:${before.step.key}` : null;
}

function together(a: PlacedStep, b: PlacedStep, examined: Examined): boolean {
  if (a.list !== b.list || !isMessage(a.step) || !isMessage(b.step)) return false;
  if (a.step.onlyIf !== undefined || b.step.onlyIf !== undefined || !shareRecipient(a.step, b.step)) return false;
  const [armsOfA, armsOfB] = [armsOf(a, examined), armsOf(b, examined)];
  if (armsOfA === 'contradiction' || armsOfB === 'contradiction') return false;
  return [...armsOfA].every(([key, arm]) => (armsOfB.get(key) ?? arm) === arm);
}

function shareRecipient(a: MessageStep, b: MessageStep): boolean {
  const [toA, toB] = [a.to ?? 'primary', b.to ?? 'primary'];
  if (toA.startsWith('role:') || toB.startsWith('role:')) return toA === toB;
  return !((toA === 'partner_1' && toB === 'partner_2') || (toA === 'partner_2' && toB === 'partner_1'));
}
