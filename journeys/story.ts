// A story: a couple, what happens to it, and what must go out. Suppliers keep them and run them again at every edit.
import { z } from 'zod';
import { parseFacts, type Facts } from './facts.ts';
import { refuseOversized } from './input-limits.ts';
import { problemsOf, type Problem } from './problem.ts';
import { Moment, Row, toEvent, toInstant, type ScriptEvent } from './script.ts';
import { oneOf, text, TimeZone } from './words.ts';
import { STEP_TYPES } from './step-schema.ts';

/** Something that must go out, to the minute. Without `to` it goes to the primary contact. */
export type ExpectedOut = {
  readonly at: string;
  readonly step: string;
  readonly occurrence: number;
  readonly type: (typeof STEP_TYPES)[number];
  readonly to: readonly string[] | null;
  readonly why: string | null;
};

/** Something that must not; `reasons` are codes, states or `not_yet`, any of which will do. */
export type ExpectedNot = {
  readonly step: string;
  readonly occurrence: number | null;
  readonly reasons: readonly string[];
  readonly why: string | null;
};

export type Story = {
  readonly title: string;
  readonly story: string | null;
  /** The name of a journey, or the path of its file. */
  readonly journey: string;
  readonly zone: string;
  readonly facts: Facts;
  readonly script: readonly ScriptEvent[];
  readonly expect: {
    readonly until: string | null;
    readonly out: readonly ExpectedOut[];
    readonly not: readonly ExpectedNot[];
  };
};

export type StoryParsed = { ok: true; story: Story } | { ok: false; problems: Problem[] };

const Count = z.int().min(1, { error: 'Must be 1 or more.' });
const Words = z.union([text(100).transform((word) => [word]), z.array(text(100)).min(1)]);

const Out = z.object({
  at: Moment,
  zone: TimeZone.optional(),
  step: text(40),
  occurrence: Count.default(1),
  type: oneOf(STEP_TYPES),
  to: Words.optional(),
  why: z.string().optional(),
});

const Not = z.object({
  step: text(40),
  occurrence: Count.optional(),
  reason: Words.optional(),
  state: Words.optional(),
  why: z.string().optional(),
});

const StoryFile = z.object({
  title: text(300),
  story: z.string().optional(),
  journey: text(300),
  zone: TimeZone,
  organization: z.looseObject({}).default({}),
  client: z.looseObject({}).default({}),
  start: z.object({ event: text(100), at: Moment, ref: z.string().optional() }).loose(),
  script: z.array(Row).max(2_000).default([]),
  expect: z.object({
    until: Moment.optional(),
    out: z.array(Out).max(2_000).default([]),
    not: z.array(Not).max(2_000).default([]),
  }),
});

/** What a story may say of the couple besides; each is a key of the facts. */
const FACTS = [
  'contacts',
  'payments',
  'consents',
  'suppressions',
  'forms',
  'events',
  'messages',
  'core',
  'approvals',
  'sentOn',
];

/** Reads a story that came from outside. Times without a zone are local times of the story's, or of the row's own. */
export function parseStory(input: unknown): StoryParsed {
  const refused = refuseOversized(input);
  if (refused) return { ok: false, problems: [refused] };
  const result = StoryFile.loose().safeParse(input);
  if (!result.success) return { ok: false, problems: problemsOf(result.error) };
  const { zone, start, organization, client, script, expect, ...rest } = result.data;
  const { event, at, ...details } = start;
  const startedAt = toInstant(at, zone);
  const facts = parseFacts({
    ...Object.fromEntries(FACTS.filter((key) => key in rest).map((key) => [key, rest[key]])),
    organization: { zone, ...organization },
    client,
    execution: { startedAt, trigger: { event, at: startedAt, ...details } },
  });
  if (!facts.ok) return facts;
  return {
    ok: true,
    story: {
      title: rest.title,
      story: rest.story ?? null,
      journey: rest.journey,
      zone,
      facts: facts.facts,
      script: script.map((row) => toEvent(row, zone)),
      expect: {
        until: expect.until === undefined ? null : toInstant(expect.until, zone),
        out: expect.out.map((row) => ({
          at: toInstant(row.at, row.zone ?? zone),
          step: row.step,
          occurrence: row.occurrence,
          type: row.type,
          to: row.to ?? null,
          why: row.why ?? null,
        })),
        not: expect.not.map((row) => ({
          step: row.step,
          occurrence: row.occurrence ?? null,
          reasons: [...(row.reason ?? []), ...(row.state ?? [])],
          why: row.why ?? null,
        })),
      },
    },
  };
}
