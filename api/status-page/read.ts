import { readCouple, readStatus, type StepRow } from '../../db/status-page.ts';
import type { Database } from '../../db/database.ts';
import { withTenant } from '../../db/tenant.ts';
import { explain } from '../../journeys/explain.ts';
import type { CoupleView, OrganizationLine, StatusView, StepLine } from './view.ts';

/** What the status page is read with. */
export interface StatusReader {
  /** Every organization there is; the first one is shown where none is asked for. */
  readonly organizations: () => Promise<readonly OrganizationLine[]>;
  /** Null where there is no such organization. */
  readonly overview: (organizationId: string) => Promise<StatusView | null>;
  /** Null where there is no such couple in this organization. */
  readonly couple: (organizationId: string, clientId: string) => Promise<CoupleView | null>;
}

const ACTOR = 'system:status_page';

/**
 * Reads the status page through row security, one organization at a time.
 *
 * @param listOrganizations who the organizations are is not visible to a tenant's role; the caller must know
 * @param temporalUrl link to one execution in the Temporal UI, or null
 */
export function createStatusReader(
  database: Database,
  listOrganizations: () => Promise<readonly OrganizationLine[]>,
  temporalUrl: (workflowId: string) => string | null,
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
      const rows = await withTenant(database, { organizationId, actor: ACTOR }, (trx) =>
        readCouple(trx, organization.zone, clientId),
      );
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
        messages: rows.messages,
      };
    },
  };
}

function stepLine(row: StepRow): StepLine {
  const { dueAt, dueLocal, problem, reason, names, ...line } = row;
  const why = reason && explain({ dueAt, local: dueLocal, zone: row.zone, reason }, (key) => names[key] ?? key);
  // A retry's reason tells its problem itself.
  const rest = reason?.code === 'retry' ? null : problem;
  return { ...line, reason: [why, rest].filter((text) => text !== null).join(' ') };
}
