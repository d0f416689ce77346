export { deliverWebhook } from './deliver-webhook.ts';
export { enrolBatch } from './enrol-batch.ts';
export { journeyRun } from './journey-run.ts';
export { maintainAll } from './maintain-all.ts';
export { reconcileAll } from './reconcile-all.ts';
export { tellDueAll } from './tell-due-all.ts';
