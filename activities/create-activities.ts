import type { Composing } from '../services/messages/compose-message.ts';
import { createCallWebhook } from './call-webhook.ts';
import { createCreateTask } from './create-task.ts';
import { createDecide } from './decide.ts';
import { createMarkCancelled } from './mark-cancelled.ts';
import type { JourneyActivities, StepActivity, StepActivityName } from './next-action.ts';
import { createNotifyTeam } from './notify-team.ts';
import { createPlanStep } from './plan-step.ts';
import { createRecordStep } from './record-step.ts';
import type { Sender } from './deliver-message.ts';
import { createSendMessage, type SendDependencies } from './send-message.ts';
import type { StepDependencies } from './step-effect.ts';
import { createUpdateClient } from './update-client.ts';

export interface ActivityDependencies extends StepDependencies, Composing {
  readonly senders: { readonly email: Sender; readonly sms: Sender; readonly whatsapp: Sender };
  /** How long one attempt of a send may take, in milliseconds; after it the outcome is unknown. */
  readonly sendTimeoutMs: number;
  /** What a segment of a text costs on the platform's account, in millionths of its currency. */
  readonly segmentPriceMicros?: number | undefined;
  readonly onSent?: SendDependencies['onSent'];
}

type Activities = Omit<JourneyActivities, 'giveCommand'> & Record<StepActivityName, StepActivity>;

/** Everything a worker does for journeys of its own accord; a person's commands are in worker/give-command.ts. */
export function createActivities(dependencies: ActivityDependencies): Activities {
  const { senders } = dependencies;
  return {
    planStep: createPlanStep(dependencies),
    markCancelled: createMarkCancelled(dependencies),
    sendEmail: createSendMessage({ ...dependencies, sender: senders.email }),
    sendSms: createSendMessage({ ...dependencies, sender: senders.sms }),
    sendWhatsapp: createSendMessage({ ...dependencies, sender: senders.whatsapp }),
    callWebhook: createCallWebhook(dependencies),
    createTask: createCreateTask(dependencies),
    notifyTeam: createNotifyTeam(dependencies),
    updateClient: createUpdateClient(dependencies),
    decide: createDecide(dependencies),
    recordStep: createRecordStep(dependencies),
  };
}
