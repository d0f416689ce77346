import { coupleName, readCouple, readStatus, type StepRow } from '../../db/status-page.ts';
import { htmlToPlainText } from '../../channels/html-to-plain-text.ts';
import { threadOf, type ThreadMessage } from '../../db/conversations.ts';
import type { Database } from '../../db/database.ts';
import { withTenant } from '../../db/tenant.ts';
import { explain } from '../../journeys/explain.ts';
import type { Composing } from '../../services/messages/compose-message.ts';
import { previewMessage, type PreviewQuestion } from '../../services/messages/preview-message.ts';
import { whyNotBegun } from '../../services/why-not-begun.ts';
import type {
  ConversationLine,
  ConversationView,
  CoupleView,
  OrganizationLine,
  PreviewView,
  StatusView,
  StepLine,
} from './view.ts';

/** What the status page is read with. */
export interface StatusReader {
  /** Every organization there is; the first one is shown where none is asked for. */
  readonly organizations: () => Promise<readonly OrganizationLine[]>;
  /** Null where there is no such organization. */
  readonly overview: (organizationId: string) => Promise<StatusView | null>;
  /** Null where there is no such couple in this organization. */
  readonly couple: (organizationId: string, clientId: string) => Promise<CoupleView | null>;
  /** Null where there is no such couple in this organization. */
  readonly conversation: (organizationId: string, clientId: string) => Promise<ConversationView | null>;
  /** What a person of the couple would get; null where there is no such couple in this organization. */
  readonly preview: (
    organizationId: string,
    clientId: string,
    question: Pick<PreviewQuestion, 'channel' | 'template' | 'role'>,
  ) => Promise<PreviewView | null>;
}

const ACTOR = 'system:status_page';

/**
 * Reads the status page through row security, one organization at a time.
 *
 * @param listOrganizations who the organizations are is not visible to a tenant's role; the caller must know
 * @param temporalUrl link to one execution in the Temporal UI, or null
 * @param composing what previews are rendered with
 */
export function createStatusReader(
  database: Database,
  listOrganizations: () => Promise<readonly OrganizationLine[]>,
  temporalUrl: (workflowId: string) => string | null,
  composing: Composing,
): StatusReader {
  const find = async (id: string): Promise<[OrganizationLine | undefined, readonly OrganizationLine[]]> => {
    const organizations = await listOrganizations();
    return [organizations.find((one) => one.id === id), organizations];
  };
  return {
    organizations: listOrganizations,
    overview: async (organizationId) => {
      const [organization, organizations] = await find(organizationId);
      if (!organization) return null;
      const rows = await withTenant(database, { organizationId, actor: ACTOR }, (trx) =>
        readStatus(trx, organization.zone),
      );
      return {
        organization,
        organizations,
        counts: rows.counts,
        attention: rows.attention.map(stepLine),
        team: rows.team,
        next: rows.next.map(stepLine),
        sent: rows.messages,
        couples: rows.couples,
      };
    },
    couple: async (organizationId, clientId) => {
      const [organization] = await find(organizationId);
      if (!organization) return null;
      const now = `${new Date().toISOString().slice(0, 19)}Z`;
      const [rows, notBegun] = await withTenant(database, { organizationId, actor: ACTOR }, async (trx) => [
        await readCouple(trx, organization.zone, clientId),
        await whyNotBegun(trx, clientId, now),
      ]);
      if (!rows) return null;
      return {
        organization,
        couple: rows.couple,
        plans: rows.couple.journeys.map(({ executionId, name, status }) => ({
          executionId,
          journey: name,
          status,
          temporalUrl: temporalUrl(`journey/${organizationId}/${executionId}`),
          steps: rows.steps.filter((step) => step.executionId === executionId).map(stepLine),
        })),
        notBegun,
        messages: rows.messages,
      };
    },
    conversation: async (organizationId, clientId) => {
      const [organization] = await find(organizationId);
      if (!organization) return null;
      return withTenant(database, { organizationId, actor: ACTOR }, async (trx) => {
        const couple = await coupleName(trx, clientId);
        if (couple === null) return null;
        const thread = await threadOf(trx, clientId, 200);
        return {
          organization,
          clientId,
          couple,
          messages: thread.map((one) => conversationLine(one, organization.zone)),
        };
      });
    },
    preview: async (organizationId, clientId, question) => {
      const [organization] = await find(organizationId);
      if (!organization) return null;
      return withTenant(database, { organizationId, actor: ACTOR }, async (trx) => {
        const couple = await coupleName(trx, clientId);
        if (couple === null) return null;
        const result = await previewMessage(trx, composing, { client: clientId, ...question });
        return { organization, clientId, couple, template: question.template, result };
      });
    },
  };
}

function conversationLine(message: ThreadMessage, zone: string): ConversationLine {
  const { direction, channel, status, role, name, subject, content, at } = message;
  const isMail = channel === 'email' && /<[a-z!]/i.test(content ?? '');
  return {
    direction,
    channel,
    status,
    who: name ?? role?.replaceAll('_', ' ') ?? 'the couple',
    at: new Intl.DateTimeFormat('en-GB', { timeZone: zone, dateStyle: 'medium', timeStyle: 'short' }).format(at),
    subject,
    text: isMail ? htmlToPlainText(content ?? '') : (content ?? ''),
  };
}

function stepLine(row: StepRow): StepLine {
  const { dueAt, dueLocal, problem, reason, names, ...line } = row;
  const why = reason && explain({ dueAt, local: dueLocal, zone: row.zone, reason }, (key) => names[key] ?? key);
  // A retry's reason tells its problem itself.
  const rest = reason?.code === 'retry' ? null : problem;
  return { ...line, reason: [why, rest].filter((text) => text !== null).join(' ') };
}
