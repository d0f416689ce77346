import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { registerFormRoutes } from '../../api/forms/register-form-routes.ts';
import { withTenant } from '../../db/tenant.ts';
import { publishForm } from '../../services/forms/publish-form.ts';
import { startWorker, type RunningWorker } from '../../worker/start-worker.ts';
import { eventually } from '../support/eventually.ts';
import { createSupplier, createWorld, type World } from '../support/world.ts';

let world: World;
let app: FastifyInstance;
let worker: RunningWorker | undefined;
beforeAll(async () => {
  world = await createWorld();
  app = fastify({ forceCloseConnections: true });
  await registerFormRoutes(app, { database: world.db.api, now: () => new Date() });
  const publicUrl = await app.listen({ port: 0, host: '127.0.0.1' });
  worker = await startWorker({ ...world.workerOptions, publicUrl });
});
afterAll(async () => {
  await worker?.stop();
  await app?.close();
  await world?.close();
});

test('a couple follows the link in its mail, answers, and the journey goes on without a reminder', async () => {
  const supplier = await createSupplier(world.db, [
    {
      schema: 1,
      name: 'Questionnaire',
      starts: { on: 'client.booked' },
      steps: [
        { key: 'ask', type: 'email', template: 'ask', when: { anchor: 'journey_start' } },
        {
          key: 'returned',
          type: 'wait_for',
          event: 'form.submitted',
          match: { form: 'questionnaire' },
          when: { anchor: 'step:ask' },
          limit: { offset: { days: 14 } },
        },
        { key: 'thank', type: 'task', title: 'Read the answers', in: { step: 'returned', arm: 'yes' } },
        { key: 'remind', type: 'email', template: 'reminder', in: { step: 'returned', arm: 'no' } },
      ],
    },
  ]);
  const { organizationId } = supplier;
  await withTenant(world.db.api, { organizationId, actor: 'test' }, (trx) =>
    publishForm(trx, 'questionnaire', {
      title: 'Your day',
      fields: [{ key: 'song', label: 'First dance', type: 'text' }],
    }),
  );
  await world.db.query(
    `insert into app.communication_templates
       (organization_id, name, channel, subject_template, content_template, html_template, form)
     values ($1, 'ask', 'email', 'Your day', '{{ form.url }}', '<p>{{ form.url }}</p>', 'questionnaire')`,
    [organizationId],
  );
  const clientId = await supplier.book({ email: 'link@example.com' });
  const url = await eventually('the mail with the link arrives', async () => {
    const [row] = await world.db.query<{ content: string }>(
      `select content from app.communications where client_id = $1 and status = 'sent'`,
      [clientId],
    );
    return /http:\/\/127\.0\.0\.1:\d+\/f\/[0-9a-f]{64}/.exec(row?.content ?? '')?.[0];
  });
  expect(await (await fetch(url)).text()).toContain('First dance');
  const sent = await fetch(url, { method: 'POST', body: new URLSearchParams({ song: 'At Last' }), redirect: 'manual' });
  expect(sent.status).toBe(303);
  const steps = await eventually('the wait has ended', async () => {
    const rows = await world.db.query<{ step_key: string; state: string; outcome: string | null }>(
      `select s.step_key, s.state, s.outcome from app.journey_step_executions s
         join app.journey_executions e on e.id = s.execution_id where e.client_id = $1 order by s.step_key`,
      [clientId],
    );
    return rows.some(({ step_key, state }) => step_key === 'thank' && state === 'done') && rows;
  });
  expect(steps).toMatchObject([
    { step_key: 'ask', state: 'done' },
    { step_key: 'remind', state: 'not_taken' },
    { step_key: 'returned', state: 'done', outcome: 'yes' },
    { step_key: 'thank', state: 'done' },
  ]);
});
