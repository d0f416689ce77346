import { AsyncLocalStorage } from 'node:async_hooks';

import { ROOT_CONTEXT, SpanKind, SpanStatusCode, trace, type Span } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
  type SpanExporter,
} from '@opentelemetry/sdk-trace';
import type { Logger } from 'pino';

import type { TracingSettings } from '../tracing-settings.ts';
import type { SpanAttributes, Tracing } from './tracing.ts';

const KINDS = { consumer: SpanKind.CONSUMER, client: SpanKind.CLIENT } as const;

/**
 * Spans that go to a collector of OpenTelemetry, some seconds after they end and at the stop. While it is away they are
 * lost, and nothing waits for it but the stop, for ten seconds.
 *
 * This file alone knows OpenTelemetry, so that nothing of it is loaded where nobody wants traces.
 */
export function createOtlpTracing({ endpoint, serviceName, kept }: TracingSettings, log: Logger): Tracing {
  const url = new URL('v1/traces', endpoint.replace(/\/*$/, '/')).href;
  const provider = new TracerProvider({
    resource: defaultResource()
      .merge(detectResources({ detectors: [envDetector] }))
      .merge(resourceFromAttributes({ 'service.name': serviceName })),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(kept) }),
    spanProcessors: [new BatchSpanProcessor({ exporter: tellingFailures(new OTLPTraceExporter({ url }), log) })],
  });
  const tracer = provider.getTracer('wedsync');
  const current = new AsyncLocalStorage<Span>();
  return {
    async span({ name, kind, attributes }, work) {
      const parent = current.getStore();
      const context = parent === undefined ? ROOT_CONTEXT : trace.setSpan(ROOT_CONTEXT, parent);
      const span = tracer.startSpan(name, { kind: KINDS[kind], attributes: known(attributes) }, context);
      try {
        return await current.run(span, () => work((more) => span.setAttributes(known(more))));
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR });
        span.setAttribute('error.type', kindOf(error));
        throw error;
      } finally {
        span.end();
      }
    },
    // That they could not be handed over was told by the exporter.
    stop: () => provider.shutdown().catch(() => {}),
  };
}

/** By itself an exporter tells nobody that the collector is away. */
function tellingFailures(exporter: SpanExporter, log: Logger): SpanExporter {
  return {
    export: (spans, done) =>
      exporter.export(spans, (result) => {
        if (result.error !== undefined) {
          log.warn({ spans: spans.length, reason: result.error.message.slice(0, 200) }, 'traces were not handed over');
        }
        done(result);
      }),
    shutdown: () => exporter.shutdown(),
  };
}

const known = (attributes: SpanAttributes): Record<string, string | number | boolean> =>
  Object.fromEntries(
    Object.entries(attributes).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );

/** The kind of an error, as those of Temporal and Postgres have it, else its class. */
function kindOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if ('type' in error && typeof error.type === 'string') return error.type;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.name;
}
