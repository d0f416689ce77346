import type { Config } from '../config.ts';
import type { WorkerOptions } from '../worker/start-worker.ts';
import { OperatorError } from './operator-error.ts';

/**
 * The Twilio account of the configuration; undefined where none is set.
 *
 * @throws OperatorError where only a part of it is set
 */
export function twilioFrom(config: Config): WorkerOptions['twilio'] {
  const { TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken, TWILIO_SENDER: sender } = config;
  if (accountSid === undefined && authToken === undefined && sender === undefined) return undefined;
  if (accountSid === undefined || authToken === undefined || sender === undefined) {
    throw new OperatorError(
      'TWILIO_ACCOUNT_SID, TWILIO_AUTH_TOKEN and TWILIO_SENDER go together: set all three or none.',
    );
  }
  return {
    accountSid,
    authToken,
    sender: sender.startsWith('MG') ? { messagingServiceSid: sender } : { from: sender },
  };
}
