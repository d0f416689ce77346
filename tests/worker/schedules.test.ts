import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { eventually } from '../support/eventually.ts';
import { connectClient } from '../support/temporal.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
  await world.startWorker();
});
afterAll(() => world?.close());

describe('the schedules of the platform', () => {
  test('the nightly upkeep makes the months ahead, and seals the audit', async () => {
    const client = await connectClient(world.temporal.address);
    const schedule = client.schedule.getHandle('wedsync-maintain');
    await eventually('the schedule is there', async () => (await schedule.describe()).scheduleId);
    await world.db.query(`insert into app.organizations (name, slug) values ('Alder', 'alder')`);
    await schedule.trigger();
    await eventually('the audit is sealed', async () => {
      const [row] = await world.db.query<{ seals: number }>(`select count(*)::int as seals from audit.audit_seals`);
      return (row?.seals ?? 0) > 0;
    });
    const { state } = await schedule.describe();
    expect(state.paused).toBe(false);
    await client.connection.close();
  });
});
