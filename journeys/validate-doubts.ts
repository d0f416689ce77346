// What is allowed and probably not meant: steps that can never run, messages that go together, keys without effect.
import { isMessage, type MessageStep, type Step } from './step-schema.ts';
import { isElapsed, type Offset, type When } from './when-schema.ts';
import { didYouMean } from './did-you-mean.ts';
import type { Problem } from './problem.ts';
import { conditionsOf, fieldsOf } from './validate-references.ts';
import { called, type Examined, type PlacedStep } from './examined.ts';

/** Warnings. The definition has no errors. */
export function findDoubts(examined: Examined): Problem[] {
  return [
    ...examined.steps.flatMap((placed) => [
      ...neverTaken(placed, examined),
      ...uselessBeforeDue(placed),
      ...noEnd(placed, examined),
      ...noConsentBasis(placed, examined),
      ...unknownDate(placed, examined),
      ...outsideWindow(placed, examined),
      ...insecureAddress(placed),
      ...withoutEffect(placed),
      ...askedOfOthers(placed, examined),
    ]),
    ...sameMinute(examined),
    ...unknownDetails(examined),
  ];
}

/** The arms a step stands on, its own, its parents' and those of the steps it counts from: condition key to arm. */
function armsOf(placed: PlacedStep, { byKey }: Examined): Map<string, 'yes' | 'no'> | 'contradiction' {
  const arms = new Map<string, 'yes' | 'no'>();
  const open: Step[] = [placed.step];
  const seen = new Set<string>();
  for (let step = open.pop(); step !== undefined; step = open.pop()) {
    if (seen.has(step.key)) continue;
    seen.add(step.key);
    if (step.in) {
      const other = arms.get(step.in.step);
      if (other !== undefined && other !== step.in.arm) return 'contradiction';
      arms.set(step.in.step, step.in.arm);
    }
    const anchor = step.when?.anchor;
    for (const key of [step.in?.step, anchor?.startsWith('step:') ? anchor.slice('step:'.length) : undefined]) {
      const next = key === undefined ? undefined : byKey.get(key);
      if (next) open.push(next.step);
    }
  }
  return arms;
}

function neverTaken(placed: PlacedStep, examined: Examined): Problem[] {
  if (armsOf(placed, examined) !== 'contradiction') return [];
  const message = `${called(placed.step)} can never run: it hangs on steps of both the yes and the no of the same question.`;
  return [{ code: 'never_runs', path: placed.path, message }];
}

function uselessBeforeDue({ step, path }: PlacedStep): Problem[] {
  const when = step.when;
  if (when?.usefulUntil === undefined) return [];
  if (earliestMinutes(when) <= latestMinutes(when.usefulUntil)) return [];
  const message = `${called(step)} can never run: it is due after the end of its own use. Move "usefulUntil" behind the offset.`;
  return [{ code: 'useful_until_before_due', path: `${path}.when.usefulUntil`, message }];
}

const MINUTES = { minutes: 1, hours: 60, days: 1_440, weeks: 10_080 } as const;

/** Minutes from the anchor to the earliest moment an offset can mean, whatever the length of months and days. */
function earliestMinutes({ offset, days, roll }: When): number {
  if (offset === undefined) return 0;
  const amount = amountOf(offset);
  const nominal = nominalMinutes(offset, amount < 0 ? 31 : 28);
  const backward = days !== undefined && days !== 'any' && (roll === 'backward' || (roll === undefined && amount < 0));
  // Rolling back over a week of closed days and more is possible, but then the step was hardly written like this.
  return nominal - (backward ? 14 * MINUTES.days : 0) - (isElapsed(offset) ? 0 : MINUTES.days);
}

/** Minutes from the anchor to the latest moment an offset can mean; calendar units go to the end of the day. */
function latestMinutes(offset: Offset): number {
  return nominalMinutes(offset, amountOf(offset) < 0 ? 28 : 31) + (isElapsed(offset) ? 0 : MINUTES.days);
}

function nominalMinutes(offset: Offset, daysOfMonth: number): number {
  if (offset.months !== undefined) return offset.months * daysOfMonth * MINUTES.days;
  if (offset.minutes !== undefined) return offset.minutes;
  if (offset.hours !== undefined) return offset.hours * MINUTES.hours;
  if (offset.weeks !== undefined) return offset.weeks * MINUTES.weeks;
  return (offset.days ?? 0) * MINUTES.days;
}

function amountOf(offset: Offset): number {
  return offset.minutes ?? offset.hours ?? offset.days ?? offset.weeks ?? offset.months ?? 0;
}

/** A wait without limit never says no. */
function noEnd({ step, path }: PlacedStep, { byKey }: Examined): Problem[] {
  const parent = step.in?.arm === 'no' ? byKey.get(step.in.step)?.step : undefined;
  if (parent?.type !== 'wait_for' || parent.limit !== undefined) return [];
  const message = `${called(step)} can never run: ${called(parent)} waits without a limit, so it never says no. Give it a limit.`;
  return [{ code: 'never_runs', path: `${path}.in`, message }];
}

function noConsentBasis({ step, path }: PlacedStep, { context }: Examined): Problem[] {
  if (!isMessage(step) || step.purpose !== 'marketing' || context.marketingConsent === undefined) return [];
  if (context.marketingConsent.includes(step.type)) return [];
  const message = `${called(step)} is marketing, but couples are nowhere asked to agree to marketing by ${step.type}: it would go to nobody. Ask for the consent in a form, or give it another purpose if it is one.`;
  return [{ code: 'no_consent_basis', path: `${path}.purpose`, message }];
}

function unknownDate({ step, path }: PlacedStep, { context }: Examined): Problem[] {
  const anchor = step.when?.anchor;
  if (context.customDates === undefined || !anchor?.startsWith('date:')) return [];
  const name = anchor.slice('date:'.length);
  if (context.customDates.has(name)) return [];
  const meant = didYouMean(name, context.customDates);
  const hint = meant ? `Did you mean "${meant}"?` : 'Until they have, the step waits.';
  const message = `${called(step)} counts from the date "${name}", which your couples do not have. ${hint}`;
  return [{ code: 'unknown_date', path: `${path}.when.anchor`, message }];
}

function outsideWindow({ step, path }: PlacedStep, { context }: Examined): Problem[] {
  const window = context.organization?.sendWindow;
  const at = step.when?.at;
  if (!window || at === undefined || !isMessage(step) || step.purpose === 'transactional') return [];
  if (window.from <= at && at < window.to) return [];
  const message = `${called(step)} is due at ${at}, outside your send window (${window.from} to ${window.to}): it goes when the window opens.`;
  return [{ code: 'outside_window', path: `${path}.when.at`, message }];
}

function insecureAddress({ step, path }: PlacedStep): Problem[] {
  if (step.type !== 'webhook' || !step.url?.startsWith('http:')) return [];
  const message = `${called(step)} sends what it sends unencrypted. Use an address that begins with https:.`;
  return [{ code: 'insecure_address', path: `${path}.url`, message }];
}

function withoutEffect(placed: PlacedStep): Problem[] {
  const { step, path } = placed;
  const when = step.when;
  const found: [string, string][] = [];
  if (!isMessage(step) && step.purpose !== undefined) {
    found.push(['purpose', `${called(step)} sends nothing to the couple, so it has no purpose to name.`]);
  }
  if (when?.roll !== undefined && (when.days === undefined || when.days === 'any') && step.repeat === undefined) {
    found.push(['when.roll', 'Any day is allowed, so nothing rolls. Add "days", or take "roll" out.']);
  }
  if (when?.whenPaid !== undefined && !when.anchor?.startsWith('payment_due')) {
    found.push(['when.whenPaid', 'Only a step that counts from a payment asks whether it is paid.']);
  }
  if (step.repeat && (step.type === 'condition' || step.type === 'wait_for' || step.type === 'delay')) {
    found.push(['repeat', `${called(step)} is decided once; what follows it may repeat.`]);
  }
  if (step.repeat?.times === 1) found.push(['repeat.times', 'Once in all is no repeat.']);
  if (isMessage(step) && step.onDateChange && when?.anchor === 'journey_start') {
    found.push(['onDateChange', `${called(step)} counts from the start of the journey, which does not move.`]);
  }
  if (step.type === 'wait_for') {
    for (const key of ['ifMissing', 'usefulUntil'] as const) {
      if (step.limit?.[key] !== undefined)
        found.push([`limit.${key}`, 'A limit that is missing or late is never skipped.']);
    }
  }
  return found.map(([key, message]) => ({ code: 'no_effect', path: `${path}.${key}`, message }));
}

/** Fields about messages of a step which is none. */
function askedOfOthers(placed: PlacedStep, { byKey }: Examined): Problem[] {
  return conditionsOf(placed)
    .flatMap(([path, condition]) => fieldsOf(condition, path))
    .flatMap(([path, field]) => {
      const [subject, key = ''] = field.split('.');
      const target = byKey.get(key)?.step;
      if (subject !== 'message' || target === undefined || isMessage(target)) return [];
      const message = `${called(target)} is not a message, so "${field}" is always missing and the comparison false.`;
      return [{ code: 'not_a_message', path, message }];
    });
}

function sameMinute(examined: Examined): Problem[] {
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

/** The details that can be compared, per event. An event of the supplier's own has whatever it carries. */
const DETAILS: Readonly<Record<string, readonly string[]>> = {
  'client.status': ['status', 'from'],
  'wedding_date.set': [],
  'payment.scheduled': ['kind', 'payment'],
  'payment.due': ['kind', 'payment'],
  'payment.succeeded': ['kind', 'payment'],
  'payment.failed': ['kind', 'payment', 'code'],
  'invoice.overdue': ['kind', 'payment'],
  'form.submitted': ['form'],
  'core_field.changed': ['field', 'value'],
  reply: ['message', 'channel', 'from'],
};

function unknownDetails({ definition, steps, byKey }: Examined): Problem[] {
  const events: [string, string, Record<string, unknown> | undefined][] = [];
  const { starts, stops = [] } = definition;
  if (typeof starts.on === 'string') events.push(['starts.match', starts.on, starts.match]);
  else {
    for (const [index, choice] of starts.on.entries()) {
      if (typeof choice === 'object') events.push([`starts.on[${index}].match`, choice.on, choice.match]);
    }
  }
  for (const [index, stop] of stops.entries()) events.push([`stops[${index}].match`, stop.on, stop.match]);
  for (const { step, path } of steps)
    if (step.type === 'wait_for') events.push([`${path}.match`, step.event, step.match]);
  return events.flatMap(([path, event, match]) =>
    Object.entries(match ?? {}).flatMap(([detail, value]) => {
      const known = DETAILS[event];
      if (known && !known.includes(detail)) {
        const meant = didYouMean(detail, known);
        const hint = meant ? `Did you mean "${meant}"?` : `Known are: ${known.join(', ') || 'none'}.`;
        return [
          {
            code: 'unknown_detail',
            path: `${path}.${detail}`,
            message: `"${event}" has no detail "${detail}". ${hint}`,
          },
        ];
      }
      if (event !== 'reply' || detail !== 'message' || path.startsWith('starts') || byKey.has(String(value))) return [];
      return [
        { code: 'unknown_step', path: `${path}.message`, message: `There is no step with the key "${String(value)}".` },
      ];
    }),
  );
}
