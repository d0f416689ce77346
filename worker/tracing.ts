import type { Logger } from 'pino';

import type { TracingSettings } from '../tracing-settings.ts';

/** What a span tells besides its name and times: ids, words of ours and numbers, never anything of a person. */
export type SpanAttributes = Readonly<Record<string, string | number | boolean | undefined>>;

export interface SpanStart {
  readonly name: string;
  /** `consumer`: work that was waiting for us; `client`: something we ask of another program. */
  readonly kind: 'consumer' | 'client';
  readonly attributes: SpanAttributes;
}

/** Spans of what a worker does, for whoever reads traces. */
export interface Tracing {
  /**
   * Does `work` within a span; spans that begin within it are its children. What it throws is told by its kind alone:
   * the words of an error may be about a person.
   *
   * @param work is given a way to say more about the span before it ends
   */
  span<T>(start: SpanStart, work: (tell: (more: SpanAttributes) => void) => Promise<T>): Promise<T>;
  /** Hands over what has ended and was not handed over yet. Never rejects. */
  stop(): Promise<void>;
}

/** Nothing of OpenTelemetry is loaded unless somebody wants traces. */
export async function openTracing(settings: TracingSettings | null, log: Logger): Promise<Tracing | null> {
  if (settings === null) return null;
  const { createOtlpTracing } = await import('./otlp-tracing.ts');
  return createOtlpTracing(settings, log);
}
