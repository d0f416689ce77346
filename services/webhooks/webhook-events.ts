/**
 * What an endpoint can be told, each with what it means. Triggers write the deliveries (db/migrations
 * 20261121T1200_webhook_delivery), so whatever changes a row tells it; data holds ids and words of ours, and nothing by
 * which a couple could be recognised.
 */
export const WEBHOOK_EVENTS = {
  'journey.started': 'a couple began a journey',
  'journey.paused': 'a journey of a couple was paused',
  'journey.completed': 'a couple came to the end of a journey',
  'journey.stopped': 'a journey of a couple was stopped, by an event or a person',
  'journey.failed': 'a journey of a couple could not go on',
  'step.done': 'a step was carried out',
  'step.skipped': 'a step was left out; the reason is in the data',
  'step.failed': 'a step could not be carried out',
  'step.unknown': 'it is not known whether a message left',
  'step.not_taken': 'a step is on an arm that was not taken',
  'approval.needed': 'a message waits for approval',
  'communication.sent': 'a message was handed to its provider',
  'communication.delivered': 'a message has arrived',
  'communication.bounced': 'a message came back',
  'communication.complained': 'a message was reported as unwanted',
  'communication.failed': 'a message was refused',
  'communication.unknown': 'it is not known whether a message left',
  'webhook.test': 'somebody tries the endpoint',
} as const;
