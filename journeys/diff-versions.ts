import type { JourneyDefinition, Step } from './definition.ts';
import { whenInWords } from './when-in-words.ts';

/** One key that differs; `before` or `after` is undefined where it was not written. `text` says it in words. */
export type Change = {
  readonly path: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly text: string;
};

export type StepDiff = {
  readonly key: string;
  readonly name: string;
  readonly kind: 'added' | 'removed' | 'changed';
  readonly list: 'steps' | 'closing';
  /** Of a changed step, what differs. */
  readonly changes: readonly Change[];
  readonly text: string;
};

export type VersionDiff = {
  readonly same: boolean;
  /** What differs outside the steps: name, starts, stops. */
  readonly journey: readonly Change[];
  /** In the order of the new version; removed steps where they stood. */
  readonly steps: readonly StepDiff[];
  /** Keys that stand in another order, among those that both have. Order decides what `previous_step` means. */
  readonly reordered: readonly string[];
};

/**
 * What differs between two versions, by step key: a step is the same step as long as its key is, whatever else changed.
 * The order of keys within an object means nothing.
 */
export function diffVersions(before: JourneyDefinition, after: JourneyDefinition): VersionDiff {
  const journey = (['name', 'starts', 'stops'] as const)
    .filter((key) => !equal(before[key], after[key]))
    .map((key) => change(key, before[key], after[key], `${key} changed${key === 'name' ? ` to "${after.name}"` : ''}`));
  const [stepsBefore, stepsAfter] = [byKey(before), byKey(after)];
  const steps: StepDiff[] = [];
  for (const [key, { step, list }] of stepsAfter) {
    const old = stepsBefore.get(key);
    if (old === undefined)
      steps.push(stepDiff('added', step, list, [], `${title(step)} is new: ${timeOf(step, after)}.`));
    else {
      const changes = changesOf(old.step, step, before, after);
      if (old.list !== list)
        changes.push(
          change('list', old.list, list, list === 'closing' ? 'moved to the closing' : 'moved out of the closing'),
        );
      if (changes.length > 0) {
        const text = `${title(step)}: ${changes.map((one) => one.text).join('; ')}.`;
        steps.push(stepDiff('changed', step, list, changes, text));
      }
    }
  }
  for (const [key, { step, list }] of stepsBefore) {
    if (!stepsAfter.has(key)) steps.push(stepDiff('removed', step, list, [], `${title(step)} is taken out.`));
  }
  const reordered = movedKeys(stepsBefore, stepsAfter);
  return { same: journey.length + steps.length + reordered.length === 0, journey, steps, reordered };
}

type Placed = { readonly step: Step; readonly list: 'steps' | 'closing' };

function byKey(definition: JourneyDefinition): Map<string, Placed> {
  const placed = new Map<string, Placed>();
  for (const list of ['steps', 'closing'] as const) {
    for (const step of definition[list] ?? []) placed.set(step.key, { step, list });
  }
  return placed;
}

function title(step: Step): string {
  return `"${step.name ?? step.key}"`;
}

function stepDiff(kind: StepDiff['kind'], step: Step, list: Placed['list'], changes: Change[], text: string): StepDiff {
  return { key: step.key, name: step.name ?? step.key, kind, list, changes, text };
}

function change(path: string, before: unknown, after: unknown, text: string): Change {
  return { path, before, after, text };
}

function changesOf(old: Step, step: Step, before: JourneyDefinition, after: JourneyDefinition): Change[] {
  const [was, is] = [old as Record<string, unknown>, step as Record<string, unknown>];
  const keys = [...new Set([...Object.keys(was), ...Object.keys(is)])].filter((key) => !equal(was[key], is[key]));
  return keys.map((key) => {
    if (key === 'when') {
      const text = `moved from ${timeOf(old, before)} to ${timeOf(step, after)}${onlyRules(old, step)}`;
      return change(
        key,
        was[key],
        is[key],
        timeOf(old, before) === timeOf(step, after) ? rulesChanged(old, step) : text,
      );
    }
    return change(key, was[key], is[key], `${key} changed${scalars(was[key], is[key])}`);
  });
}

/** The time of a step in words, in the version it stands in. */
function timeOf(step: Step, definition: JourneyDefinition): string {
  const steps = byKey(definition);
  return whenInWords(step.when, (key) => steps.get(key)?.step.name ?? key);
}

const RULES = ['ifPast', 'ifMissing', 'usefulUntil', 'whenPaid'] as const;

function changedRules(old: Step, step: Step): string[] {
  return RULES.filter((rule) => !equal(old.when?.[rule], step.when?.[rule]));
}

function onlyRules(old: Step, step: Step): string {
  const rules = changedRules(old, step);
  return rules.length === 0 ? '' : `, with another ${rules.join(', ')}`;
}

function rulesChanged(old: Step, step: Step): string {
  return changedRules(old, step)
    .map((rule) => `${rule} changed${scalars(old.when?.[rule as 'ifPast'], step.when?.[rule as 'ifPast'])}`)
    .join('; ');
}

function scalars(before: unknown, after: unknown): string {
  const simple = (value: unknown): boolean =>
    value === undefined || ['string', 'number', 'boolean'].includes(typeof value);
  if (!simple(before) || !simple(after)) return '';
  const shown = (value: unknown): string => (value === undefined ? 'nothing' : JSON.stringify(value));
  return ` from ${shown(before)} to ${shown(after)}`;
}

/** Keys that both have and that left the longest common order: the fewest that must have been moved. */
function movedKeys(before: Map<string, Placed>, after: Map<string, Placed>): string[] {
  const old = [...before.keys()].filter((key) => after.has(key));
  const position = new Map(old.map((key, index) => [key, index]));
  const common = [...after.keys()].filter((key) => position.has(key));
  const lengths: number[] = [];
  const previous: number[] = [];
  let last = -1;
  for (const [index, key] of common.entries()) {
    lengths[index] = 1;
    previous[index] = -1;
    for (let earlier = 0; earlier < index; earlier++) {
      const rises = (position.get(common[earlier] ?? '') ?? 0) < (position.get(key) ?? 0);
      if (rises && (lengths[earlier] ?? 0) + 1 > (lengths[index] ?? 0)) {
        lengths[index] = (lengths[earlier] ?? 0) + 1;
        previous[index] = earlier;
      }
    }
    if (last === -1 || (lengths[index] ?? 0) > (lengths[last] ?? 0)) last = index;
  }
  const kept = new Set<string>();
  for (let index = last; index >= 0; index = previous[index] ?? -1) kept.add(common[index] ?? '');
  return common.filter((key) => !kept.has(key));
}

/** Deep equality of JSON values, whatever the order of keys; a key with undefined is a key left out. */
function equal(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const [one, two] = [a as Record<string, unknown>, b as Record<string, unknown>];
  const keys = new Set([...Object.keys(one), ...Object.keys(two)]);
  return [...keys].every((key) => equal(one[key], two[key]));
}
