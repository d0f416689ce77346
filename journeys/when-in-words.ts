// The time of a step in a supplier's words: "90 days before the wedding at 09:00, on working days".
import type { JourneyTree, Placed } from './journey-tree.ts';
import type { Anchor, Offset, When } from './when-schema.ts';

/** An anchor as it is spoken of: "the wedding", "the day the balance is due". `nameOf` gives a step's name by its key. */
function anchorInWords(anchor: Anchor | undefined, nameOf: (key: string) => string): string {
  if (anchor === undefined || anchor === 'previous_step') return 'the step before';
  if (anchor === 'journey_start') return 'the start';
  if (anchor === 'wedding_date') return 'the wedding';
  if (anchor === 'payment_due') return 'the day the payment is due';
  const colon = anchor.indexOf(':');
  const name = anchor.slice(colon + 1);
  if (anchor.startsWith('payment_due:')) return `the day the ${name} is due`;
  if (anchor.startsWith('step:')) return `"${nameOf(name)}"`;
  if (anchor.startsWith('event:')) return `the event ${name}`;
  return `the date "${name}"`;
}

/** "90 days", "1 hour": an amount without direction. */
function amountInWords(offset: Offset): string {
  const [unit = 'days', amount = 0] = Object.entries(offset).find(([, value]) => value !== undefined) ?? [];
  const size = Math.abs(amount);
  return `${size} ${size === 1 ? unit.slice(0, -1) : unit}`;
}

/** The whole of a `when`, as far as it is written. Absent: right after the step before. */
export function whenInWords(
  when: When | undefined,
  nameOf: (key: string) => string,
  beginning = 'the step before',
): string {
  if (when === undefined) return `right after ${beginning}`;
  const anchor =
    when.anchor === undefined || when.anchor === 'previous_step' ? beginning : anchorInWords(when.anchor, nameOf);
  const parts = [distance(when.offset, anchor, when.at !== undefined)];
  if (when.at !== undefined) parts.push(`at ${when.at}`);
  let text = parts.join(' ');
  if (when.days === 'weekdays') text += ', on weekdays';
  else if (when.days === 'working') text += ', on working days';
  else if (Array.isArray(when.days)) text += `, on ${when.days.map(capitalised).join(', ')}`;
  if (when.roll !== undefined) text += `, rolled ${when.roll}`;
  if (when.zone !== undefined) text += `, ${zoneInWords(when.zone)}`;
  return text;
}

function distance(offset: Offset | undefined, anchor: string, atSet: boolean): string {
  const amount = offset === undefined ? 0 : (Object.values(offset).find((value) => value !== undefined) ?? 0);
  if (offset === undefined || amount === 0) return atSet ? `on the day of ${anchor}` : `at ${anchor}`;
  return `${amountInWords(offset)} ${amount < 0 ? 'before' : 'after'} ${anchor}`;
}

function capitalised(word: string): string {
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

function zoneInWords(zone: string): string {
  if (zone === 'wedding') return "by the wedding's clock";
  if (zone === 'recipient') return "by the recipient's clock";
  if (zone === 'organization') return "by the organization's clock";
  return `by the clock of ${zone}`;
}

/** The time of a step in its place: what it counts from by default is called by its name. */
export function whenOfStep(placed: Placed, tree: JourneyTree): string {
  const nameOf = (key: string): string => tree.find(key)?.step.name ?? key;
  return whenInWords(placed.step.when, nameOf, beginningOf(placed, tree, nameOf));
}

function beginningOf(placed: Placed, tree: JourneyTree, nameOf: (key: string) => string): string {
  if (placed.closing && placed.step.when?.anchor === undefined) return 'the stop';
  const [previous] = tree.before(placed);
  if (previous !== undefined) return `"${nameOf(previous.step.key)}"`;
  const arm = placed.step.in;
  if (arm !== undefined) return `"${nameOf(arm.step)}" says ${arm.arm}`;
  return placed.closing ? 'the stop' : 'the start';
}
