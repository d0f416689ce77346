// What the rules of validation look at.
import type { Channel, Facts } from './facts.ts';
import type { JourneyDefinition } from './journey-schema.ts';
import type { Step } from './step-schema.ts';

/** What the organization knows and a definition alone does not. What is left out is not asked about. */
export type ValidationContext = {
  /** Working days, closed days and send window. */
  readonly organization?: Pick<Facts['organization'], 'workingDays' | 'sendWindow'>;
  /** The templates there are, each with the channels it is written for. */
  readonly templates?: ReadonlyMap<string, readonly Channel[]>;
  /** The webhook endpoints there are, by name. */
  readonly endpoints?: ReadonlySet<string>;
  /** The channels that are set up. */
  readonly channels?: readonly Channel[];
  /** The custom dates that couples can have, by name. */
  readonly customDates?: ReadonlySet<string>;
  /** Channels for which couples are asked to agree to marketing, or an opt-in by law holds. */
  readonly marketingConsent?: readonly Channel[];
};

/** A step with the place where it stands: `path` is that of the file, `list` tells the journey from its closing. */
export type PlacedStep = {
  readonly step: Step;
  readonly path: string;
  readonly list: 'steps' | 'closing';
  readonly index: number;
};

/** What all the rules look at. */
export type Examined = {
  readonly definition: JourneyDefinition;
  readonly context: ValidationContext;
  readonly steps: readonly PlacedStep[];
  /** The first step of each key. */
  readonly byKey: ReadonlyMap<string, PlacedStep>;
};

/** How a step is called in a message: its name where it has one. */
export function called(step: Step): string {
  return `"${step.name ?? step.key}"`;
}
