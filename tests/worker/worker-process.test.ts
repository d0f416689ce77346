import { fileURLToPath } from 'node:url';

import proto from '@temporalio/proto';
import getPort from 'get-port';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';

import { eventually } from '../support/eventually.ts';
import { mailsArrive, mailsTo, nextMailFails } from '../support/mails.ts';
import { connectClient } from '../support/temporal.ts';
import { startOtlpSink } from '../support/otlp-sink.ts';
import { startWorkerProcess, type WorkerProcess } from '../support/worker-process.ts';
import { createSupplier, createWorld, type Supplier, type World } from '../support/world.ts';

const { RateLimitSource, TaskQueueType } = proto.temporal.api.enums.v1;

/** Its output then names every module of OpenTelemetry that it loads. */
const TELLS_TELEMETRY = `--import ${fileURLToPath(new URL('../support/tell-telemetry.ts', import.meta.url))}`;

let world: World;
let supplier: Supplier;

beforeAll(async () => {
  world = await createWorld();
  supplier = await createSupplier(world.db, [
    {
      schema: 1,
      name: 'One mail',
      starts: { on: 'client.booked' },
      steps: [
        {
          key: 'welcome',
          type: 'email',
          when: { anchor: 'journey_start' },
          template: 'welcome',
          purpose: 'transactional',
        },
      ],
    },
  ]);
});
afterAll(() => world?.close());

async function worker(settings: Record<string, string>): Promise<WorkerProcess> {
  const started = await startWorkerProcess(world, undefined, settings);
  onTestFinished(() => started.kill());
  return started;
}
const statusOf = async (clientId: string): Promise<string | undefined> =>
  (
    await world.db.query<{ status: string }>(`select status from app.communications where client_id = $1`, [clientId])
  )[0]?.status;

/** How many activities a second the server hands out from a queue at most, and who says so. */
async function limitOf(taskQueue: string) {
  const client = await connectClient(world.temporal.address);
  const { effectiveRateLimit } = await client.workflowService.describeTaskQueue({
    namespace: client.options.namespace,
    taskQueue: { name: taskQueue },
    taskQueueType: TaskQueueType.TASK_QUEUE_TYPE_ACTIVITY,
    reportConfig: true,
  });
  await client.connection.close();
  return effectiveRateLimit;
}

describe('a worker as a process', () => {
  test('offers its metrics and those of Temporal, and logs no address of anybody', { timeout: 300_000 }, async () => {
    const port = await getPort();
    const process = await worker({
      METRICS_ADDRESS: `127.0.0.1:${port}`,
      LOG_LEVEL: 'debug',
      NODE_OPTIONS: TELLS_TELEMETRY,
      WORKER_EMAIL_PER_SECOND: '14',
    });
    const sent = await supplier.book({ email: 'ana.sent@example.com' });
    await mailsArrive(world, 'ana.sent@example.com', 1);
    await nextMailFails(world, { kind: 'refuse', to: 'ana.refused@example.com' });
    const refused = await supplier.book({ email: 'ana.refused@example.com' });
    await eventually('both have ended', async () => {
      return (await statusOf(sent)) === 'sent' && (await statusOf(refused)) === 'failed';
    });
    const metrics = await eventually('the metrics tell both', async () => {
      const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
      return text.includes('outcome="accepted"') && text.includes('outcome="refused"') && text;
    });
    expect(metrics).toMatch(/^wedsync_due_to_sent_seconds_bucket\{channel="email",le="86400"\} 1$/m);
    expect(metrics).toMatch(/^wedsync_provider_errors_total\{channel="email",outcome="refused",provider="smtp"\} 1$/m);
    for (const name of ['overdue_steps', 'outbox_age_seconds', 'outbox_waiting', 'unknown_sends', 'stuck_sends']) {
      expect(metrics).toMatch(new RegExp(`^wedsync_${name}(?:\\{[^}]*\\})? \\d`, 'm'));
    }
    expect(metrics).toMatch(/^wedsync_pool_waiting\{pool="worker"\} \d/m);
    expect(metrics).toMatch(
      /^temporal_activity_schedule_to_start_latency_seconds_count\{[^}]*task_queue="journeys-email"/m,
    );
    expect(metrics).toMatch(/^temporal_worker_task_slots_available\{/m);

    // The server holds the channel to its rate, for all workers together.
    const limits = await Promise.all(['email', 'sms'].map((channel) => limitOf(`journeys-${channel}`)));
    expect(limits).toMatchObject([
      { requestsPerSecond: 14, rateLimitSource: RateLimitSource.RATE_LIMIT_SOURCE_WORKER },
      { rateLimitSource: RateLimitSource.RATE_LIMIT_SOURCE_SYSTEM },
    ]);

    const lines = process
      .output()
      .split('\n')
      .filter((line) => line !== '');
    const parsed = lines.map((line) => z.record(z.string(), z.unknown()).parse(JSON.parse(line)));
    const carriedOut = parsed.find(({ msg }) => msg === 'a step was carried out');
    expect(carriedOut).toMatchObject({
      organizationId: supplier.organizationId,
      requestId: expect.stringMatching(`^journey/${supplier.organizationId}/`),
      activity: 'sendEmail',
      step: 'welcome',
    });
    const ofTemporal = parsed.find(({ activityType }) => activityType === 'sendEmail');
    expect(ofTemporal).toMatchObject({
      organizationId: supplier.organizationId,
      requestId: ofTemporal?.['workflowId'],
    });
    expect(process.output()).not.toMatch(/@example\.com|Ana|Lopez/);
    // Nobody wants traces: nothing of their library is even loaded.
    expect(process.output()).not.toContain('opentelemetry');
    expect(await process.stop()).toBe(0);
  });

  test(
    'told to stop in the middle of a send finishes it first, and nobody sends it again',
    { timeout: 300_000 },
    async () => {
      const collector = await startOtlpSink();
      onTestFinished(() => collector.stop());
      const first = await worker({
        WORKER_SHUTDOWN_SECONDS: '20',
        OTEL_EXPORTER_OTLP_ENDPOINT: collector.endpoint,
        OTEL_SERVICE_NAME: 'first-worker',
        NODE_OPTIONS: TELLS_TELEMETRY,
      });
      const email = 'slow@example.com';
      await nextMailFails(world, { kind: 'late_answer', to: email, delayMs: 5_000 });
      const clientId = await supplier.book({ email });
      await eventually('it is being sent', async () => (await statusOf(clientId)) === 'sending');
      expect(await first.stop()).toBe(0);
      // Not `unknown`: the answer of the mail server was waited for and written down.
      expect(await statusOf(clientId)).toBe('sent');
      // Its span too was handed over before the end.
      expect(collector.spans().find(({ name }) => name === 'sendEmail')).toMatchObject({
        service: 'first-worker',
        attributes: { 'wedsync.organization.id': supplier.organizationId, 'wedsync.outcome': 'completed' },
      });
      expect(first.output()).toContain('opentelemetry');
      const second = await worker({});
      await eventually('the journey has ended', async () => {
        const rows = await world.db.query(
          `select from app.journey_executions where client_id = $1 and status = 'completed'`,
          [clientId],
        );
        return rows.length === 1;
      });
      expect(await mailsTo(world, email)).toHaveLength(1);
      await second.stop();
    },
  );
});
