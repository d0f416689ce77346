import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { parseKeyRing } from '../../worker/key-ring.ts';
import { createPayloadCodec } from '../../worker/payload-codec.ts';
import { clearPayloads, isEncrypted, payloadsIn } from '../support/clear-payloads.ts';
import { eventually } from '../support/eventually.ts';
import { nextMailFails } from '../support/mails.ts';
import { playFeature, startPlatform, type Platform, type Played } from '../support/platform.ts';
import { bookMarked } from '../support/platform-couple.ts';
import { clearText, MARKS, marksIn, rawBytes, textOf } from '../support/marks.ts';
import { PLATFORM_FEATURES } from '../support/platform-features.ts';
import { createSupplier, TEST_KEYS } from '../support/world.ts';

const names = Object.keys(PLATFORM_FEATURES);

let platform: Platform;
const played = new Map<string, [Played, ...Played[]]>();

beforeAll(async () => {
  platform = await startPlatform();
  await Promise.all(names.map(async (name) => played.set(name, await playFeature(platform, name))));
}, 240_000);
afterAll(async () => platform?.close());

describe('Temporal knows nothing about a couple', () => {
  test('the search finds what is there: our own rows are full of the marks', async () => {
    const [{ text } = { text: '' }] = await platform.world.db.query<{ text: string }>(
      `select concat_ws(' ', (select string_agg(c::text, ' ') from app.communications c),
                             (select string_agg(s::text, ' ') from app.journey_step_executions s),
                             (select string_agg(t::text, ' ') from app.tasks t),
                             (select string_agg(a::text, ' ') from app.activities a)) as text`,
    );
    expect(marksIn(text)).toEqual(Object.values(MARKS));
  });

  test.each(names)('%s: nothing of the couple, neither in the bytes nor behind the encryption', async (name) => {
    for (const left of played.get(name) ?? []) {
      const [id = ''] = left.workflowId.split('/').slice(1);
      const clear = await clearText(left);
      // What is behind the encryption has really been looked at.
      expect(clear).toContain(id);
      expect(rawBytes(left)).toContain(left.history.events?.[0]?.workflowExecutionStartedEventAttributes?.workflowId);
      expect({ raw: marksIn(rawBytes(left)), clear: marksIn(clear) }).toEqual({ raw: [], clear: [] });
    }
  });

  test('all payloads are encrypted, but for search attributes and what the SDK itself notes', () => {
    for (const { history } of [...played.values()].flat()) {
      for (const event of history.events ?? []) {
        const {
          markerRecordedEventAttributes: marker,
          upsertWorkflowSearchAttributesEventAttributes,
          ...others
        } = event;
        const { searchAttributes: _clear, ...started } = event.workflowExecutionStartedEventAttributes ?? {};
        const ours = [
          { ...others, workflowExecutionStartedEventAttributes: started },
          marker?.details?.['result'],
          marker?.failure,
        ];
        expect(
          payloadsIn(ours)
            .filter((payload) => !isEncrypted(payload))
            .map(textOf),
        ).toEqual([]);
        expect(upsertWorkflowSearchAttributesEventAttributes ?? {}).not.toHaveProperty('details');
      }
    }
  });

  test('while a message is being sent, its heartbeats tell nothing either', async () => {
    const supplier = await createSupplier(platform.world.db, [
      {
        schema: 1,
        name: 'Slow',
        starts: { on: 'client.booked' },
        steps: [
          {
            key: 'slow',
            type: 'email',
            template: 'welcome',
            purpose: 'transactional',
            when: { anchor: 'journey_start' },
          },
        ],
      },
    ]);
    await nextMailFails(platform.world, {
      kind: 'late_answer',
      to: `${MARKS.mailbox}+slow@example.com`,
      delayMs: 8_000,
    });
    const couple = await bookMarked(platform, supplier, 'slow');
    const handle = platform.client.workflow.getHandle(couple.workflowId);
    const description = await eventually('the message is on its way', async () => {
      const { raw } = await handle.describe();
      return (raw.pendingActivities ?? []).length > 0 && raw;
    });
    const underWay = { history: await handle.fetchHistory(), description };
    expect(marksIn(rawBytes(underWay))).toEqual([]);
    expect(marksIn(await clearText(underWay))).toEqual([]);
  });
});

describe('the keys of what is encrypted change', () => {
  test('an execution that sleeps goes on under a new key, and is read with both', async () => {
    const newKey = `new:${Buffer.alloc(32, 9).toString('base64')}`;
    const supplier = await createSupplier(platform.world.db, [
      {
        schema: 1,
        name: 'Keys',
        starts: { on: 'client.booked' },
        steps: [
          {
            key: 'thanks',
            type: 'email',
            template: 'welcome',
            purpose: 'transactional',
            when: { anchor: 'event:photos.ready' },
          },
        ],
      },
    ]);
    const couple = await bookMarked(platform, supplier, 'keys');
    await platform.changeKeys(`${newKey},${TEST_KEYS}`);
    await couple.query(
      `insert into app.client_events (organization_id, client_id, name, source)
       select organization_id, id, 'photos.ready', 'api' from app.clients where id = $1`,
    );
    await couple.stepBecomes('thanks', ({ state }) => state === 'done');
    const handle = platform.client.workflow.getHandle(couple.workflowId);
    const history = await eventually('it has ended', async () => {
      const { status } = await handle.describe();
      return status.name === 'COMPLETED' && handle.fetchHistory();
    });
    const keyIds = payloadsIn(history)
      .filter(isEncrypted)
      .map(({ metadata }) => Buffer.from(metadata?.['encryption-key-id'] ?? []).toString('utf8'));
    expect(new Set(keyIds)).toEqual(new Set(['test', 'new']));
    // From the first payload under the new key on, none is written under the old one.
    expect(keyIds.lastIndexOf('test')).toBeLessThan(keyIds.indexOf('new'));
    const both = createPayloadCodec(parseKeyRing(`${newKey},${TEST_KEYS}`));
    expect((await clearPayloads(history, both)).map(textOf).join('\n')).toContain(couple.executionId);
    await expect(clearPayloads(history, createPayloadCodec(parseKeyRing(newKey)))).rejects.toThrow(
      'encrypted with key "test", which is not on the key ring',
    );
  });
});
