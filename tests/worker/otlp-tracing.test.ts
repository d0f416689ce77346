import { pino } from 'pino';
import { expect, onTestFinished, test } from 'vitest';

import { createOtlpTracing } from '../../worker/otlp-tracing.ts';
import type { Tracing } from '../../worker/tracing.ts';
import { startReceiver } from '../channels/webhook/receiver.ts';
import { startOtlpSink } from '../support/otlp-sink.ts';

const quiet = pino({ level: 'silent' });
const work = (tracing: Tracing, name: string): Promise<string> =>
  tracing.span({ name, kind: 'client', attributes: { a: 1, absent: undefined } }, async () => 'done');

test('a span within a span is its child, and an error is told by its kind alone', async () => {
  const sink = await startOtlpSink();
  onTestFinished(() => sink.stop());
  const tracing = createOtlpTracing({ endpoint: `${sink.endpoint}/`, serviceName: 'here', kept: 1 }, quiet);
  const failing = tracing.span({ name: 'outer', kind: 'consumer', attributes: {} }, async () => {
    await work(tracing, 'inner');
    throw new TypeError('ana@example.com is not known');
  });
  await expect(failing).rejects.toThrow('ana@example.com');
  await tracing.stop();
  const [inner, outer] = sink.spans();
  expect(inner).toMatchObject({ name: 'inner', attributes: { a: 1 }, parentSpanId: outer?.spanId });
  expect(outer).toMatchObject({ name: 'outer', attributes: { 'error.type': 'TypeError' }, status: { code: 2 } });
  expect(outer?.parentSpanId).toBeUndefined();
  expect(sink.text()).not.toContain('ana@');
});

test('what a collector does not take is told in the log, and keeps nothing from ending', async () => {
  const refusing = await startReceiver((_request, response) => void response.writeHead(400).end());
  onTestFinished(() => refusing.stop());
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  const tracing = createOtlpTracing(
    { endpoint: `http://127.0.0.1:${refusing.port}`, serviceName: 'here', kept: 1 },
    log,
  );
  expect(await work(tracing, 'one')).toBe('done');
  await tracing.stop();
  expect(lines.join()).toContain('traces were not handed over');
});

test('only the wanted part of the traces is kept', async () => {
  const sink = await startOtlpSink();
  onTestFinished(() => sink.stop());
  const none = createOtlpTracing({ endpoint: sink.endpoint, serviceName: 'here', kept: 0 }, quiet);
  expect(await work(none, 'one')).toBe('done');
  await none.stop();
  expect(sink.spans()).toEqual([]);
});
