// The planner and everything around it that runs for every plan: parsing, validation, printing.
import { readFileSync } from 'node:fs';
import { Readable, Writable } from 'node:stream';
import { parse } from 'yaml';
import { planLines } from '../cli/plan-lines.ts';
import { parseDefinition, type JourneyDefinition } from '../journeys/definition.ts';
import { parseFacts, parseLedger, type Facts } from '../journeys/facts.ts';
import { planJourney } from '../journeys/plan-journey.ts';
import { readYaml } from '../journeys/read-yaml.ts';
import { HOSTILE_DEFINITIONS } from '../tests/journeys/definition/hostile-definitions.ts';
import { HOSTILE_FACTS, HOSTILE_LEDGERS } from '../tests/journeys/definition/hostile-facts.ts';
import { HOSTILE_FILES } from '../tests/journeys/definition/hostile-files.ts';
import { cpuMs, medianOf, type Measurement } from './measure.ts';

const NOW = '2026-11-20T10:00:00Z';
const RUNS = 5;

/** `npm run bench -- planner` */
export async function plannerBench(): Promise<Measurement[]> {
  const fifty = definitionOf(manySteps(50));
  const limits = definitionOf(atTheLimits());
  const facts = factsOf(couple(0));
  const thousand = Array.from({ length: 1_000 }, (_, index) => factsOf(couple(index)));
  const fifteen = definitionOf(fifteenSteps());
  return [
    await linesPerSecond(5_000),
    await heapGrowth(20_000),
    await milliseconds('plan of one couple, 50 steps', 10, () => planJourney(fifty, facts, NO_LEDGER, NOW)),
    await milliseconds('plan at the limits: 200 steps, 10 levels', 50, () =>
      planJourney(limits, facts, NO_LEDGER, NOW),
    ),
    await milliseconds('reading a definition at the limits', 50, () => parseDefinition(atTheLimits())),
    await slowest(
      'refusing a hostile definition, the slowest',
      100,
      HOSTILE_DEFINITIONS.map(([, build]) => build()),
      parseDefinition,
    ),
    await slowest(
      'refusing hostile facts, the slowest',
      100,
      HOSTILE_FACTS.map(([, build]) => build()),
      parseFacts,
    ),
    await slowest(
      'refusing a hostile ledger, the slowest',
      100,
      HOSTILE_LEDGERS.map(([, build]) => build()),
      parseLedger,
    ),
    await slowest(
      'refusing a hostile file, the slowest',
      100,
      HOSTILE_FILES.map(([, source]) => source),
      readYaml,
    ),
    await milliseconds('plans of 1,000 couples, 15 steps', 2_000, () => {
      for (const one of thousand) planJourney(fifteen, one, NO_LEDGER, NOW);
    }),
  ];
}

const NO_LEDGER = { steps: [] };

async function milliseconds(name: string, atMost: number, work: () => unknown): Promise<Measurement> {
  return { name, unit: 'ms CPU', bound: { atMost }, ...(await medianOf(RUNS, async () => await cpuMs(work))) };
}

/** Of several inputs, the one that keeps us longest. */
async function slowest<T>(
  name: string,
  atMost: number,
  inputs: readonly T[],
  work: (input: T) => unknown,
): Promise<Measurement> {
  const result = await medianOf(RUNS, async () => {
    let longest = 0;
    for (const input of inputs) longest = Math.max(longest, await cpuMs(() => work(input)));
    return longest;
  });
  return { name, unit: 'ms CPU', bound: { atMost }, ...result };
}

async function linesPerSecond(lines: number): Promise<Measurement> {
  const input = questions(lines).join('');
  const result = await medianOf(RUNS, async () => {
    const ms = await cpuMs(async () => await planLines(Readable.from(chunksOf(input)), nowhere()));
    return (lines / ms) * 1_000;
  });
  return { name: 'wedsync plan --stdin, 15 steps', unit: 'lines/s CPU', bound: { atLeast: 1_000 }, ...result };
}

/** What stays in memory after many lines more than after few: nothing may. */
async function heapGrowth(lines: number): Promise<Measurement> {
  const heapAfter = async (count: number): Promise<number> => {
    await planLines(Readable.from(questionChunks(count)), nowhere());
    globalThis.gc?.();
    return process.memoryUsage().heapUsed / 1e6;
  };
  const result = await medianOf(3, async () => {
    const few = await heapAfter(500);
    return Math.max(0, (await heapAfter(lines)) - few);
  });
  const bound = globalThis.gc === undefined ? null : { atMost: 10 };
  return { name: `memory kept by ${lines} lines`, unit: 'MB', bound, ...result };
}

function nowhere(): Writable {
  return new Writable({ write: (_chunk, _encoding, done) => done() });
}

function* chunksOf(text: string): Generator<Buffer> {
  for (let from = 0; from < text.length; from += 65_536) yield Buffer.from(text.slice(from, from + 65_536));
}

function* questionChunks(count: number): Generator<Buffer> {
  for (let done = 0; done < count; done += 500) yield Buffer.from(questions(500).join(''));
}

function questions(count: number): string[] {
  const definition = fifteenSteps();
  return Array.from({ length: count }, (_, index) => {
    return `${JSON.stringify({ id: index, definition, facts: couple(index), ledger: { steps: [] }, now: NOW })}\n`;
  });
}

/** Fifteen steps as a florist has them: messages, waits, arms, repeats, approval, conditions. */
function fifteenSteps(): Record<string, unknown> {
  const file = new URL('../journeys/starters/florist.yaml', import.meta.url);
  const journey = parse(readFileSync(file, 'utf8')) as { steps: unknown[] };
  return { ...journey, steps: journey.steps.slice(0, 15) };
}

function couple(index: number): Record<string, unknown> {
  const day = new Date(Date.UTC(2027, 0, 1 + (index % 365))).toISOString().slice(0, 10);
  const everyDay = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
  return {
    organization: { zone: 'Europe/London', sendWindow: { from: '08:00', to: '20:00', days: everyDay } },
    client: { weddingOn: day, weddingTime: '14:00', weddingZone: 'Europe/London' },
    execution: { startedAt: NOW },
    contacts: [{ id: 'c1', role: 'partner_1', email: 'alex@example.com', phone: '+447700900123', isPrimary: true }],
  };
}

function manySteps(count: number): Record<string, unknown> & { steps: unknown[] } {
  const steps = Array.from({ length: count }, (_, index) => ({
    key: `s${index}`,
    type: index % 5 === 4 ? 'task' : 'email',
    ...(index % 5 === 4 ? { title: 'Ring the couple' } : { template: 'welcome' }),
    when: {
      anchor: 'wedding_date',
      offset: { days: -300 + index * 2 },
      at: '10:00',
      days: 'working',
      ifPast: 'send_now',
    },
    onlyIf: { not: { field: 'client.tags', has: 'complaint' } },
  }));
  return journeyOf(steps);
}

/** Ten levels of conditions, and steps hanging on steps on every level. */
function atTheLimits(): Record<string, unknown> {
  const conditions = Array.from({ length: 10 }, (_, level) => ({
    key: `q${level}`,
    type: 'condition',
    test: { all: [{ field: 'client.tags', has: 'album' }, { not: { field: 'wedding.daysAway', lt: 3 } }] },
    ...(level > 0 && { in: { step: `q${level - 1}`, arm: 'yes' } }),
  }));
  const steps = Array.from({ length: 190 }, (_, index) => ({
    key: `s${index}`,
    type: 'email',
    template: 'welcome',
    in: { step: `q${index % 10}`, arm: index % 20 < 10 ? 'yes' : 'no' },
    when: { offset: { days: 1 }, at: '10:00', days: 'working', usefulUntil: { days: 90 } },
  }));
  return journeyOf([...conditions, ...steps]);
}

function journeyOf(steps: unknown[]): Record<string, unknown> & { steps: unknown[] } {
  return { schema: 1, name: 'Bench', starts: { on: 'client.booked' }, steps };
}

function definitionOf(input: unknown): JourneyDefinition {
  const result = parseDefinition(input);
  if (!result.ok) throw new Error(`The bench's own journey is wrong: ${JSON.stringify(result.problems)}`);
  return result.definition;
}

function factsOf(input: unknown): Facts {
  const result = parseFacts(input);
  if (!result.ok) throw new Error(`The bench's own facts are wrong: ${JSON.stringify(result.problems)}`);
  return result.facts;
}
