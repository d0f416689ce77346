import { pino } from 'pino';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';

import { createEmailChannel, type EmailChannel } from '../../channels/email.ts';
import { mailOwners } from '../../db/team-mails.ts';
import { withTenant } from '../../db/tenant.ts';
import { tellOwners } from '../../db/webhooks.ts';
import { mailTeamOnce } from '../../worker/team-mail-work.ts';
import { SENDER } from '../channels/support/an-email.ts';
import { startScriptedSmtp, type ScriptedSmtp } from '../channels/support/scripted-smtp.ts';
import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { addOwner, createOrganization } from './endpoint.ts';

let db: TestDatabase;
let smtp: ScriptedSmtp;
let channel: EmailChannel;
beforeAll(async () => {
  [db, smtp] = await Promise.all([createTestDatabase(), startScriptedSmtp()]);
  channel = createEmailChannel({ smtpUrl: smtp.url, from: SENDER, replyTimeoutMs: 200 });
});
afterAll(async () => {
  await channel?.close();
  await smtp?.stop();
  await db?.close();
});
/** How far the worker's clock is ahead: a little, so that what was just written is due. */
let aheadMs = 1_000;
beforeEach(() => {
  aheadMs = 1_000;
});
const now = () => new Date(Date.now() + aheadMs);

let count = 0;
/** An organization with two owners and a member, of whom the owners are to be told something. */
async function createNews() {
  const organizationId = await createOrganization(db);
  count += 1;
  for (const who of ['first', 'second']) await addOwner(db, organizationId, `${who}-${count}@example.com`);
  const member = await addOwner(db, organizationId, `member-${count}@example.com`);
  await db.query(`update app.user_profiles set role = 'MEMBER' where user_id = $1`, [member]);
  const tell = () =>
    withTenant(db.worker, { organizationId, actor: 'test' }, async (trx) => {
      await tellOwners(trx, 'news', 'The webhook "crm" was switched off', 'It answers 500.');
      await mailOwners(trx, 'news');
    });
  await tell();
  const rows = () =>
    db.query<{ id: string; status: string }>(
      `select m.id, m.status, m.attempts, m.error_message from app.team_mails m join app.users u on u.id = m.user_id
        where m.organization_id = $1 order by u.email`,
      [organizationId],
    );
  return { organizationId, tell, rows };
}

const options = () => ({
  relayDatabase: db.relay,
  database: db.worker,
  clock: async () => now(),
  channel,
  log: pino({ level: 'silent' }),
  sendTimeoutMs: 5_000,
});
const sentOf = (rows: readonly { id: string }[]) =>
  smtp.delivered.filter((messageId) => rows.some(({ id }) => messageId.includes(id)));

describe('a mail to the owners', () => {
  test('goes once to each of them, however often it is told and by however many workers', async () => {
    const news = await createNews();
    await news.tell();
    await Promise.all([mailTeamOnce(options()), mailTeamOnce(options()), mailTeamOnce(options())]);
    const rows = await news.rows();
    expect(rows).toMatchObject([{ status: 'sent' }, { status: 'sent' }]);
    expect(sentOf(rows)).toHaveLength(2);
    await news.tell();
    expect(await mailTeamOnce(options())).toBe(0);
  });

  test('waits while the mail server does not take it, and goes later', async () => {
    const news = await createNews();
    smtp.failNext({ stage: 'rcpt', action: { reply: '451 4.3.0 try later' } });
    await mailTeamOnce(options());
    expect((await news.rows()).map(({ status }) => status).toSorted()).toEqual(['queued', 'sent']);
    expect(await mailTeamOnce(options())).toBe(0);
    aheadMs += 3_600_000;
    await mailTeamOnce(options());
    expect(sentOf(await news.rows())).toHaveLength(2);
  });

  test('whose answer was lost, or whose sender died, may have arrived and is not sent again', async () => {
    const news = await createNews();
    smtp.failNext({ stage: 'dot', action: 'rst', delivered: true });
    await mailTeamOnce(options());
    const [first, second] = await news.rows();
    expect(new Set([first?.status, second?.status])).toEqual(new Set(['sent', 'unknown']));
    await db.query(`update app.team_mails set status = 'sending', sent_at = null, claimed_at = $2 where id = $1`, [
      second?.id,
      now(),
    ]);
    expect(await mailTeamOnce(options())).toBe(0);
    aheadMs += 3_600_000;
    await mailTeamOnce(options());
    const rows = await news.rows();
    expect(rows.find(({ id }) => id === second?.id)).toMatchObject({
      status: 'unknown',
      error_message: expect.stringContaining('died'),
    });
    expect(sentOf(rows)).toHaveLength(2);
  });

  test('who left the team meanwhile is not written to', async () => {
    const news = await createNews();
    await db.query(`delete from app.user_profiles where organization_id = $1 and role = 'OWNER'`, [
      news.organizationId,
    ]);
    await mailTeamOnce(options());
    const rows = await news.rows();
    expect(rows).toMatchObject([{ status: 'failed' }, { status: 'failed' }]);
    expect(sentOf(rows)).toEqual([]);
  });
});
