import { z } from 'zod';

/** Where traces go; the names are those that every program with OpenTelemetry has. Part of SETTINGS in config.ts. */
export const TRACING_SETTINGS = {
  OTEL_EXPORTER_OTLP_ENDPOINT: {
    schema: z.url({ protocol: /^https?$/, error: 'is not an http(s) URL' }).optional(),
    example: 'http://localhost:4318',
    help: 'Where a worker sends traces (OTLP over HTTP, as JSON, to /v1/traces below it). Absent: there are none. OTEL_EXPORTER_OTLP_HEADERS, _TIMEOUT, _COMPRESSION and _CERTIFICATE and OTEL_RESOURCE_ATTRIBUTES are read as everywhere.',
  },
  OTEL_SERVICE_NAME: {
    schema: z.string().min(1).default('wedsync-worker'),
    example: 'wedsync-worker',
    help: 'What traces call this program.',
  },
  OTEL_TRACES_SAMPLER_ARG: {
    schema: z.coerce.number('is not a number').min(0, 'is below 0').max(1, 'is above 1').default(1),
    example: '0.1',
    help: 'The part of the traces that is kept: 0.1 is every tenth. Absent: all.',
  },
} as const;

export interface TracingSettings {
  /** Base address of the collector. */
  readonly endpoint: string;
  readonly serviceName: string;
  /** From 0 to 1: the part of the traces that is kept. */
  readonly kept: number;
}

/** The traces that the configuration asks for; null: none. */
export function tracingFrom(settings: {
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string | undefined;
  readonly OTEL_SERVICE_NAME: string;
  readonly OTEL_TRACES_SAMPLER_ARG: number;
}): TracingSettings | null {
  const endpoint = settings.OTEL_EXPORTER_OTLP_ENDPOINT;
  if (endpoint === undefined) return null;
  return { endpoint, serviceName: settings.OTEL_SERVICE_NAME, kept: settings.OTEL_TRACES_SAMPLER_ARG };
}
