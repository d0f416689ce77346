export { deliverWebhook } from './deliver-webhook.ts';
export { journeyRun } from './journey-run.ts';
export { reconcileAll } from './reconcile-all.ts';
