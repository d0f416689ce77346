import type { WorkflowHandle } from '@temporalio/client';
import proto from '@temporalio/proto';

import { journeyState } from '../../workflows/messages.ts';
import { ALL_AT_ONCE_MS, eventually } from './eventually.ts';
import { MARKS } from './marks.ts';
import type { Platform } from './platform.ts';
import { WAITING_FOR_WORKER } from './waiting-for-worker.ts';
import type { Supplier } from './world.ts';

/** How a step stands in our rows. */
export interface StepLine {
  readonly state: string;
  readonly code: string;
  readonly dueOn: string | null;
}

/** A marked couple on a journey. */
export interface PlatformCouple {
  readonly platform: Platform;
  readonly organizationId: string;
  readonly clientId: string;
  readonly executionId: string;
  readonly workflowId: string;
  readonly email: string;
  /** One statement about the couple, whose id is `$1`. */
  query(text: string): Promise<unknown>;
  stepBecomes(key: string, is: (line: StepLine) => boolean): Promise<StepLine>;
  /** Waits until the workflow has taken in all that happened so far, so that it waits as it always would. */
  rests(): Promise<unknown>;
}

/** Books a marked couple and waits until its journey is planned. */
export async function bookMarked(platform: Platform, supplier: Supplier, name: string): Promise<PlatformCouple> {
  const { db } = platform.world;
  const email = `${MARKS.mailbox}+${name}@example.com`;
  const clientId = await supplier.book({ name: `${MARKS.firstName} ${MARKS.lastName}`, email });
  await db.query(
    `insert into app.client_contacts (organization_id, client_id, role, name, contact_type, contact_value, is_primary)
     select organization_id, id, 'partner_1', partner_1_name, 'phone', $2, true from app.clients where id = $1`,
    [clientId, MARKS.phone],
  );
  const { id, workflow_id } = await eventually(
    'the execution is planned',
    async () => {
      const [row] = await db.query<{ id: string; workflow_id: string }>(
        `select id, workflow_id from app.journey_executions where client_id = $1 and planned_at is not null`,
        [clientId],
      );
      return row;
    },
    ALL_AT_ONCE_MS,
  );
  return {
    platform,
    organizationId: supplier.organizationId,
    clientId,
    executionId: id,
    workflowId: workflow_id,
    email,
    query: (text) => db.query(text, [clientId]),
    stepBecomes: (key, is) =>
      eventually(
        `the step ${key} is as hoped for`,
        async () => {
          const [line] = await db.query<StepLine>(
            `select state, reason ->> 'code' as code, left(local_time, 10) as "dueOn"
               from app.journey_step_executions where execution_id = $1 and step_key = $2`,
            [id, key],
          );
          return line !== undefined && is(line) && line;
        },
        ALL_AT_ONCE_MS,
      ),
    rests: () =>
      eventually(
        'the workflow has heard of everything, and waits',
        async () => {
          const unheard = `select id from app.outbox where client_id = $1 and processed_at is null`;
          if ((await db.query(unheard, [clientId])).length > 0) return false;
          const handle = platform.client.workflow.getHandle(workflow_id);
          // What it was told before this look is in there, whether it was taken in already or not.
          const last = (await handle.fetchHistory()).events?.at(-1)?.eventType;
          return last !== null && last !== undefined && !UNDER_WAY.has(last) && (await waits(handle));
        },
        ALL_AT_ONCE_MS,
      ),
  };
}

const { EventType } = proto.temporal.api.enums.v1;
/** Events that something follows by itself: also an activity that is still carried out, and a timer that went off. */
const UNDER_WAY: ReadonlySet<number> = new Set([
  ...WAITING_FOR_WORKER,
  EventType.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED,
  EventType.EVENT_TYPE_ACTIVITY_TASK_STARTED,
  EventType.EVENT_TYPE_ACTIVITY_TASK_COMPLETED,
  EventType.EVENT_TYPE_TIMER_FIRED,
]);

const waits = async (handle: WorkflowHandle): Promise<boolean> => (await handle.query(journeyState))?.kind === 'wait';
