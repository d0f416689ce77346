import { z } from 'zod';

import { startReceiver } from '../channels/webhook/receiver.ts';

const value = z.union([
  z.object({ stringValue: z.string() }).transform(({ stringValue }) => stringValue),
  z.object({ boolValue: z.boolean() }).transform(({ boolValue }) => boolValue),
  z.object({ intValue: z.union([z.string(), z.number()]) }).transform(({ intValue }) => Number(intValue)),
  z.object({ doubleValue: z.number() }).transform(({ doubleValue }) => doubleValue),
  z.object({}).transform(() => null),
]);
const attributes = z
  .array(z.object({ key: z.string(), value }))
  .transform((list) => Object.fromEntries(list.map((one) => [one.key, one.value])));
const span = z.object({
  name: z.string(),
  traceId: z.string(),
  spanId: z.string(),
  parentSpanId: z.string().optional(),
  startTimeUnixNano: z.string(),
  endTimeUnixNano: z.string(),
  attributes,
  status: z.object({ code: z.number().optional(), message: z.string().optional() }).optional(),
});
const request = z.object({
  resourceSpans: z.array(
    z.object({ resource: z.object({ attributes }), scopeSpans: z.array(z.object({ spans: z.array(span) })) }),
  ),
});

export type ReceivedSpan = z.output<typeof span> & { readonly service: unknown };

/** A collector of OpenTelemetry as far as a program sees it: takes OTLP over HTTP in JSON, and keeps it. */
export interface OtlpSink {
  readonly endpoint: string;
  readonly spans: () => ReceivedSpan[];
  /** Everything that came, as it came. */
  readonly text: () => string;
  readonly stop: () => Promise<void>;
}

export async function startOtlpSink(): Promise<OtlpSink> {
  const receiver = await startReceiver((_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
  });
  const bodies = (): string[] =>
    receiver.received.filter(({ path }) => path === '/v1/traces').map(({ body }) => body.toString('utf8'));
  return {
    endpoint: `http://127.0.0.1:${receiver.port}`,
    spans: () =>
      bodies().flatMap((body) =>
        request
          .parse(JSON.parse(body))
          .resourceSpans.flatMap(({ resource, scopeSpans }) =>
            scopeSpans.flatMap(({ spans }) =>
              spans.map((one) => ({ ...one, service: resource.attributes['service.name'] })),
            ),
          ),
      ),
    text: () => bodies().join('\n'),
    stop: receiver.stop,
  };
}
