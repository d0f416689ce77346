// The fields that conditions compare, read from the facts and from what was drawn up so far.
import { assertNever } from './assert-never.ts';
import type { Instant } from './calendar.ts';
import type { FieldReader } from './conditions.ts';
import { parseKnownDay } from './civil.ts';
import type { Facts } from './facts.ts';
import { choosePayment } from './payments.ts';
import { triggeringEvent } from './journey-events.ts';
import type { Planning } from './planning.ts';
import { consentOf, primaryOf } from './recipients.ts';

/**
 * Reads fields such as `client.tags` and `wedding.daysAway`.
 *
 * @param at the moment for which days are counted: that of the plan, or a due instant that is still to come
 */
export function fieldReader(planning: Planning, at: Instant = planning.now): FieldReader {
  const { facts } = planning;
  return (field) => {
    const [subject = '', name = '', ...rest] = field.split('.');
    const path = [name, ...rest].join('.');
    switch (subject) {
      case 'client':
        return clientField(facts, name, rest.join('.'));
      case 'wedding':
        return weddingField(planning, name, at);
      case 'payment':
        return choosePayment(facts, name)?.status;
      case 'form':
        return rest[0] === 'status'
          ? own(facts.forms, name)?.status
          : dig(own(facts.forms, name)?.answers ?? {}, rest.slice(1).join('.'));
      case 'core':
        return dig(facts.core, path);
      case 'consent':
        return consentOf(primaryOf(facts)?.id, name, rest[0] ?? '', facts);
      case 'contact':
        return name === 'email' ? primaryOf(facts)?.email : primaryOf(facts)?.phone;
      case 'trigger':
        return triggerField(planning, path);
      case 'step':
        return rest[0] === 'outcome' ? outcomeField(planning, name) : stateField(planning, name);
      case 'message': {
        const message = own(facts.messages, name);
        return rest[0] === 'replied' ? message && (message.replied ?? false) : message?.status;
      }
      default:
        return undefined;
    }
  };
}

function clientField(facts: Facts, name: string, rest: string): unknown {
  const { client } = facts;
  switch (name) {
    case 'status':
      return client.status;
    case 'tags':
      return client.tags;
    case 'postponed':
      return client.postponed;
    case 'custom':
      return dig(client.custom, rest);
    default:
      return own(client.dates, rest);
  }
}

/** Whole days from `at` to the wedding, by the calendar of the place where it is; negative after it. */
function weddingField(planning: Planning, name: string, at: Instant): unknown {
  const { client, organization } = planning.facts;
  const day = client.postponed ? null : parseKnownDay(client.weddingOn);
  if (day === null) return undefined;
  if (name === 'date') return client.weddingOn;
  const zone = planning.calendar.zone(client.weddingZone ?? organization.zone);
  return day - zone.wallAt(at).day;
}

/** A detail of the trigger, whether it stands beside its name, among its data, or with the event that it was. */
function triggerField(planning: Planning, path: string): unknown {
  const trigger: Record<string, unknown> = { ...planning.facts.execution.trigger };
  const data = trigger['data'] ?? trigger['details'];
  const told = dig(trigger, path) ?? (isRecord(data) ? dig(data, path) : undefined);
  return told ?? dig(triggeringEvent(planning.facts, planning.events)?.data ?? {}, path);
}

function stateField(planning: Planning, key: string): string | undefined {
  const verdict = planning.drafts.get(key)?.at(-1)?.verdict;
  if (verdict === undefined) return planning.recordsOf(key).at(-1)?.state;
  switch (verdict.kind) {
    case 'recorded':
    case 'over':
      return verdict.state;
    case 'skip':
      return 'will_skip';
    case 'go':
      return 'planned';
    case 'waiting':
    case 'held':
      return verdict.kind;
    default:
      return assertNever(verdict);
  }
}

function outcomeField(planning: Planning, key: string): string | undefined {
  return planning.recordsOf(key).at(-1)?.outcome;
}

/** A name with dots is a name of its own where there is one, otherwise the way into nested objects. */
function dig(record: Readonly<Record<string, unknown>>, path: string): unknown {
  const whole = own(record, path);
  const dot = path.indexOf('.');
  if (whole !== undefined || dot === -1) return whole;
  const inner = own(record, path.slice(0, dot));
  return isRecord(inner) ? dig(inner, path.slice(dot + 1)) : undefined;
}

/** Own keys only: `constructor` is nobody's answer. */
function own<T>(record: Readonly<Record<string, T>>, key: string): T | undefined {
  return Object.hasOwn(record, key) ? record[key] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
