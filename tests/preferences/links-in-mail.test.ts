import fastify, { type FastifyInstance } from 'fastify';
import { afterAll, beforeAll, expect, test } from 'vitest';

import { registerPreferenceRoutes } from '../../api/preferences/register-preference-routes.ts';
import { startWorker, type RunningWorker } from '../../worker/start-worker.ts';
import { eventually } from '../support/eventually.ts';
import { mailsArrive } from '../support/mails.ts';
import { createSupplier, createWorld, type World } from '../support/world.ts';

let world: World;
let app: FastifyInstance;
let worker: RunningWorker | undefined;
let publicUrl: string;
beforeAll(async () => {
  world = await createWorld();
  app = fastify({ forceCloseConnections: true });
  await registerPreferenceRoutes(app, { database: world.db.api });
  publicUrl = await app.listen({ port: 0, host: '127.0.0.1' });
  worker = await startWorker({ ...world.workerOptions, publicUrl });
});
afterAll(async () => {
  await worker?.stop();
  await app?.close();
  await world?.close();
});

const advertise = (key: string) => ({
  key,
  type: 'email',
  when: { anchor: `event:${key}` },
  purpose: 'marketing',
  template: 'offer',
});

test('an advertisement carries the couple’s own links; one click on it, and the next one is not sent', async () => {
  const supplier = await createSupplier(world.db, [
    { schema: 1, name: 'Offers', starts: { on: 'client.booked' }, steps: [advertise('first'), advertise('second')] },
  ]);
  const { organizationId } = supplier;
  await world.db.query(
    `insert into app.communication_templates
       (organization_id, name, channel, subject_template, content_template, html_template)
     values ($1, 'offer', 'email', 'An album for you', $2, $2)`,
    [organizationId, '<p><a href="{{ links.preferences }}">Choose</a> <a href="{{ links.unsubscribe }}">Stop</a></p>'],
  );
  const clientId = await supplier.book({ email: 'offers@example.com' });
  await world.db.query(
    `insert into app.consents (organization_id, client_id, channel, purpose, state) values ($1, $2, 'email', 'marketing', 'granted')`,
    [organizationId, clientId],
  );
  const happens = (name: string): Promise<unknown> =>
    world.db.query(`insert into app.client_events (organization_id, client_id, name) values ($1, $2, $3)`, [
      organizationId,
      clientId,
      name,
    ]);

  await happens('first');
  const [mail] = await mailsArrive(world, 'offers@example.com', 1);
  const answer = await fetch(new URL(`/api/messages/${mail?.id ?? ''}`, world.inbox.inboxUrl));
  const whole = await answer.text();
  const [, stop = ''] = /(http:\/\/127\.0\.0\.1:\d+\/u\/[0-9a-f]{64})/.exec(whole) ?? [];
  expect(stop).toContain(publicUrl);
  expect(whole).toContain('List-Unsubscribe-Post');
  expect(whole).toContain(stop.replace('/u/', '/c/'));

  const click = await fetch(stop, { method: 'POST', body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }) });
  expect(click.status).toBe(200);
  await happens('second');
  const second = await eventually('the second is skipped', async () => {
    const [row] = await world.db.query<{ state: string; code: string }>(
      `select s.state, s.reason ->> 'code' as code from app.journey_step_executions s
         join app.journey_executions e on e.id = s.execution_id
        where e.client_id = $1 and s.step_key = 'second' and s.state in ('skipped', 'done')`,
      [clientId],
    );
    return row;
  });
  expect(second.state).toBe('skipped');
  expect(['no_consent', 'suppressed']).toContain(second.code);
});
