// What is allowed and probably not meant: steps that can never run, messages that go together, keys without effect.
import { isMessage } from './step-schema.ts';
import { didYouMean } from './did-you-mean.ts';
import { unknownDetails } from './doubt-details.ts';
import { neverRuns } from './doubt-never-runs.ts';
import { sameMinute } from './doubt-same-minute.ts';
import type { Problem } from './problem.ts';
import { conditionsOf, fieldsOf } from './validate-references.ts';
import { called, type Examined, type PlacedStep } from './examined.ts';

/** Warnings. The definition has no errors. */
export function findDoubts(examined: Examined): Problem[] {
  return [
    ...examined.steps.flatMap((placed) => [
      ...neverRuns(placed, examined),
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
