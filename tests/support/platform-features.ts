import { randomUUID } from 'node:crypto';

import { withTenant, type Trx } from '../../db/tenant.ts';
import type { Commander, CommandResult } from '../../services/executions/command.ts';
import { decideApproval } from '../../services/executions/decide-approval.ts';
import { editMessage } from '../../services/executions/edit-message.ts';
import { pauseExecution } from '../../services/executions/pause-execution.ts';
import { runStepNow } from '../../services/executions/reschedule-step.ts';
import { resumeExecution } from '../../services/executions/resume-execution.ts';
import { retryStep } from '../../services/executions/retry-step.ts';
import { skipStep } from '../../services/executions/skip-step.ts';
import { commands } from '../../workflows/messages.ts';
import { ALL_AT_ONCE_MS } from './eventually.ts';
import { mailsArrive, nextMailFails } from './mails.ts';
import type { Platform } from './platform.ts';
import { MARKS } from './marks.ts';
import type { PlatformCouple } from './platform-couple.ts';

export interface PlatformFeature {
  readonly steps: readonly object[];
  readonly closing?: readonly object[];
  /** What happens to the couple after the booking. */
  readonly happen: (couple: PlatformCouple, platform: Platform) => Promise<unknown>;
  /** How it ends: the couple cancels, an admin cancels the workflow, or the journey comes to its end. */
  readonly ends: 'couple cancels' | 'admin cancels' | 'by itself';
}

const now = { anchor: 'journey_start' };
const email = { type: 'email', template: 'welcome', purpose: 'transactional' };
const theWeek = { anchor: 'wedding_date', offset: { days: -7 } };
const { firstName, lastName } = MARKS;

/** Given to a journey that is at rest: what it does next is then done by this command alone. */
const command = async (
  couple: PlatformCouple,
  give: (trx: Trx, by: Commander) => Promise<CommandResult>,
): Promise<void> => {
  await couple.rests();
  const { organizationId, platform } = couple;
  const by: Commander = { actor: 'user:somebody', now: `${new Date().toISOString().slice(0, 19)}Z` };
  const tenant = { organizationId, actor: by.actor };
  const result = await withTenant(platform.world.db.api, tenant, (trx) => give(trx, by));
  if (!result.ok) throw new Error(result.message);
};
const named = (key: string) => ({ key, occurrence: 1 });

/** What the platform does for a couple, each by its shortest journey; every text that people write is marked. */
export const PLATFORM_FEATURES: Readonly<Record<string, PlatformFeature>> = {
  send: {
    steps: [
      { ...email, key: 'welcome', when: now },
      { key: 'call', type: 'task', title: 'Call {{ client.coupleName }}', when: now },
      { key: 'tell', type: 'notification', title: '{{ client.coupleName }}', to: 'all', when: now },
      { key: 'tag', type: 'update_client', set: { addTags: ['welcomed'] }, when: now },
      { ...email, key: 'later', when: { ...now, offset: { hours: 30 } } },
    ],
    happen: async (couple) => {
      await mailsArrive(couple.platform.world, couple.email, 1, ALL_AT_ONCE_MS);
      await couple.stepBecomes('tag', ({ state }) => state === 'done');
      await couple.rests();
    },
    ends: 'couple cancels',
  },
  texts_and_repeats: {
    steps: [
      { key: 'text', type: 'sms', template: 'text', purpose: 'transactional', when: now },
      { key: 'chat', type: 'whatsapp', template: 'text', purpose: 'transactional', when: now },
      { key: 'rest', type: 'delay', when: { anchor: 'step:text', offset: { days: 2 } } },
      {
        ...email,
        key: 'remind',
        when: { anchor: 'step:text', offset: { days: 3 } },
        repeat: { every: { days: 7 }, times: 3 },
      },
    ],
    happen: async (couple) => {
      await couple.stepBecomes('text', ({ state }) => state === 'done');
      // Nobody has written to us on WhatsApp within a day, so that free words are refused there.
      await couple.stepBecomes('chat', ({ state }) => state === 'failed');
      await couple.rests();
    },
    ends: 'couple cancels',
  },
  updates: {
    steps: [
      { ...email, key: 'welcome', when: theWeek },
      { ...email, key: 'unwanted', when: theWeek },
      { key: 'eve', type: 'task', title: 'Pack', when: { anchor: 'wedding_date', offset: { days: -1 } } },
    ],
    happen: async ({ platform, workflowId, ...couple }) => {
      const handle = platform.client.workflow.getHandle(workflowId);
      const by = 'user:somebody';
      await handle.executeUpdate(commands.pause, { args: [{ by }] });
      await handle.executeUpdate(commands.resume, { args: [{ by, late: 'send' }] });
      await handle.executeUpdate(commands.skipStep, { args: [{ by, key: 'unwanted' }] });
      await handle.executeUpdate(commands.runNow, { args: [{ by, key: 'welcome' }] });
      await couple.stepBecomes('welcome', ({ state }) => state === 'done');
      await couple.rests();
      await handle.executeUpdate(commands.stop, { args: [{ by }] });
    },
    ends: 'by itself',
  },
  moved_date: {
    steps: [
      { ...email, key: 'week', when: theWeek },
      { key: 'eve', type: 'task', title: 'Pack', when: { anchor: 'wedding_date', offset: { days: -1 } } },
    ],
    happen: async (couple) => {
      await couple.stepBecomes('week', ({ dueOn }) => dueOn === '2030-06-08');
      await couple.query(`update app.clients set wedding_date = '2031-05-03' where id = $1`);
      await couple.stepBecomes('week', ({ dueOn }) => dueOn === '2031-04-26');
    },
    ends: 'couple cancels',
  },
  retry: {
    steps: [{ ...email, key: 'welcome', when: theWeek }],
    happen: async (couple, { world }) => {
      const text = `4.7.1 <${couple.email}> ${firstName} ${lastName} is over quota`;
      await nextMailFails(world, { kind: 'defer', to: couple.email, text });
      await command(couple, (trx, by) => runStepNow(trx, by, couple.executionId, named('welcome')));
      await couple.stepBecomes('welcome', ({ code }) => code === 'retry');
      await couple.rests();
    },
    ends: 'couple cancels',
  },
  refused: {
    steps: [{ ...email, key: 'welcome', when: theWeek }],
    happen: async (couple, { world }) => {
      const text = `5.1.1 <${couple.email}>: no ${firstName} ${lastName} here`;
      await nextMailFails(world, { kind: 'refuse', to: couple.email, text });
      await command(couple, (trx, by) => runStepNow(trx, by, couple.executionId, named('welcome')));
      await couple.stepBecomes('welcome', ({ state }) => state === 'failed');
    },
    ends: 'by itself',
  },
  unknown_outcome: {
    steps: [{ ...email, key: 'welcome', when: theWeek, ifUnknown: 'ask' }],
    happen: async (couple, { world }) => {
      await nextMailFails(world, { kind: 'drop_after_data', to: couple.email });
      await command(couple, (trx, by) => runStepNow(trx, by, couple.executionId, named('welcome')));
      await couple.stepBecomes('welcome', ({ state }) => state === 'unknown');
      await couple.rests();
      await command(couple, (trx, by) => retryStep(trx, by, couple.executionId, named('welcome')));
    },
    ends: 'by itself',
  },
  stop_with_closing: {
    steps: [{ ...email, key: 'week', when: theWeek }],
    closing: [
      { key: 'deposit', type: 'task', title: 'Deposit of {{ client.coupleName }}' },
      { ...email, key: 'bye' },
    ],
    happen: (couple) => couple.stepBecomes('week', ({ state }) => state === 'planned'),
    ends: 'couple cancels',
  },
  wait_and_condition: {
    steps: [
      { key: 'chosen', type: 'wait_for', event: 'album.chosen', when: now, limit: { offset: { days: 21 } } },
      { key: 'full', type: 'condition', test: { field: 'client.tags', has: 'full_day' } },
      { ...email, key: 'long', in: { step: 'full', arm: 'yes' } },
      { key: 'short', type: 'task', title: 'Call', in: { step: 'full', arm: 'no' } },
      // A task that ends the journey is done again where news arrives within it, without what its steps had left in it:
      // what is told of them must not be in the last one.
      { ...email, key: 'note', in: { step: 'full', arm: 'no' } },
      { ...email, key: 'never', when: now, onlyIf: { field: 'client.tags', has: 'full_day' } },
    ],
    happen: async (couple) => {
      await couple.stepBecomes('never', ({ state }) => state === 'skipped');
      await couple.query(
        `insert into app.client_events (organization_id, client_id, name, data, source)
         select organization_id, id, 'album.chosen', jsonb_build_object('by', partner_1_name), 'api'
           from app.clients where id = $1`,
      );
    },
    ends: 'by itself',
  },
  commands: {
    steps: [
      {
        ...email,
        key: 'asked',
        when: theWeek,
        approval: { ahead: { months: 600 }, deadline: { days: 1 }, fallback: 'skip' },
      },
      { ...email, key: 'unwanted', when: theWeek },
      { key: 'eve', type: 'task', title: 'Pack', when: { anchor: 'wedding_date', offset: { days: -1 } } },
    ],
    happen: async (couple, { world }) => {
      const { executionId } = couple;
      await couple.stepBecomes('asked', ({ code }) => code === 'needs_approval');
      const words = { subject: `For ${firstName}`, content: `<p>Dear ${lastName}</p>` };
      await command(couple, (trx, by) => editMessage(trx, by, executionId, named('asked'), words));
      const note = `${firstName} rang`;
      await command(couple, (trx, by) =>
        decideApproval(trx, by, executionId, named('asked'), { decision: 'approved', note }),
      );
      await couple.stepBecomes('asked', ({ state }) => state === 'planned');
      await command(couple, (trx, by) => pauseExecution(trx, by, executionId, `${lastName} asked for a pause`));
      await command(couple, (trx, by) => runStepNow(trx, by, executionId, named('asked')));
      await couple.stepBecomes('asked', ({ state }) => state === 'held');
      await command(couple, (trx, by) => resumeExecution(trx, by, executionId, 'send'));
      await mailsArrive(world, couple.email, 1, ALL_AT_ONCE_MS);
      await couple.rests();
      await command(couple, (trx, by) => skipStep(trx, by, executionId, named('unwanted')));
      await couple.stepBecomes('unwanted', ({ state }) => state === 'skipped');
    },
    ends: 'couple cancels',
  },
  webhook: {
    steps: [
      {
        key: 'hook',
        type: 'webhook',
        when: now,
        path: '/taken',
        payload: { who: '{{ client.coupleName }}' },
        wait: { for: 'accepted' },
      },
      { key: 'gone', type: 'webhook', path: '/gone', wait: { for: 'accepted' } },
    ],
    happen: (couple) => couple.stepBecomes('gone', ({ state }) => state === 'failed'),
    ends: 'by itself',
  },
  cancelled_by_admin: {
    steps: [{ ...email, key: 'week', when: theWeek }],
    happen: (couple) => couple.stepBecomes('week', ({ state }) => state === 'planned'),
    ends: 'admin cancels',
  },
};

/** The definition of a feature's journey; addresses of webhooks are those of this run. */
export const journeyOf = (name: string, { steps, closing }: PlatformFeature, { receiverUrl }: Platform): object => ({
  schema: 1,
  name: `Journey ${name} ${randomUUID().slice(0, 4)}`,
  starts: { on: 'client.booked' },
  stops: [{ on: 'client.cancelled' }],
  steps: steps.map((step) => {
    const { path, ...others } = step as { path?: string };
    return path === undefined ? others : { ...others, url: `${receiverUrl}${path}` };
  }),
  ...(closing === undefined ? {} : { closing }),
});
