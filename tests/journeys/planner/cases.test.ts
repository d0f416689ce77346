// Every line of the case files is a promise of its own: one question to the planner, and what its answer must contain.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parsePlanRequest } from '../../../cli/input/plan-request.ts';
import { createCalendar, formatLocal } from '../../../journeys/calendar.ts';
import { planJourney } from '../../../journeys/plan-journey.ts';
import type { PlannedStep } from '../../../journeys/plan.ts';

type Case = {
  id: string;
  about: string;
  input: { definition: unknown; facts: unknown; ledger?: unknown; now: string };
  expect: {
    problems?: true;
    steps?: Record<string, Record<string, unknown>>;
    next?: Record<string, unknown>;
    status?: string;
  };
};

describe.each(['planner-cases', 'planner-cases-more', 'planner-cases-together'])('%s', (file) => {
  test.each(readCases(file))('$id: $about', ({ input, expect: expected }) => {
    expect(answerTo(input, expected)).toEqual(expected);
  });
});

function readCases(file: string): Case[] {
  const lines = readFileSync(new URL(`../../fixtures/${file}.ndjson`, import.meta.url), 'utf8').trim();
  return lines.split('\n').map((line) => JSON.parse(line) as Case);
}

/** The plan, reduced to what the case asks for. */
function answerTo(input: Case['input'], expected: Case['expect']): Case['expect'] {
  const asked = parsePlanRequest(input);
  if (!asked.ok && expected.problems) return { problems: true };
  if (!asked.ok) throw new Error(JSON.stringify(asked.problems));
  const { definition, facts, ledger, now } = asked.request;
  const plan = planJourney(definition, facts, ledger, now);
  const steps = Object.entries(expected.steps ?? {}).map(([name, asked]) => {
    const [key, occurrence = '1'] = name.split('#');
    const line = plan.steps.find((step) => step.key === key && step.occurrence === Number(occurrence));
    return [name, line ? pick(seen(line), Object.keys(asked)) : { absent: true }] as const;
  });
  return {
    ...(expected.steps && { steps: Object.fromEntries(steps) }),
    ...(expected.next && { next: pick({ ...plan.next }, Object.keys(expected.next)) }),
    ...(expected.status !== undefined && { status: plan.status }),
  };
}

/** `reason` is the code, `also` the causes besides, `date` the day of `local`, `runDate` the local day of `runAt`. */
function seen(line: PlannedStep): Record<string, unknown> {
  const { runAt, zone } = line;
  const runLocal = runAt === null || zone === null ? null : formatLocal(createCalendar().zone(zone), Date.parse(runAt));
  return {
    ...line,
    reason: line.reason.code,
    also: 'also' in line.reason ? line.reason.also : undefined,
    date: line.local?.slice(0, 10) ?? null,
    runDate: runLocal?.slice(0, 10) ?? null,
  };
}

function pick(from: Record<string, unknown>, keys: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(keys.map((key) => [key, from[key]]));
}
