import { condition, proxyLocalActivities } from '@temporalio/workflow';

import type { Bare } from './measure-bare.ts';

const { look } = proxyLocalActivities<Bare>({ startToCloseTimeout: '30 seconds' });

/** The least that anything of ours does which begins and sleeps: one look at its rows, which here are none, and a timer. */
export async function bare(): Promise<void> {
  await look();
  await condition(() => false, '20 days');
}
