import type { CaughtMessage } from './caught-message.ts';
import type { Fault } from './faults.ts';

/** One status change: `real` where it happens to the message, `told` where the sender hears of it. */
export type StatusChange = { status: string; errorCode?: string; real: boolean; told: boolean };

const UNREACHABLE = '30003';

/** The status changes of a message in the order in which the sender hears of them. */
export function planCallbacks(message: CaughtMessage, fault: Fault | undefined): StatusChange[] {
  const change = (status: string): StatusChange => ({ status, real: true, told: true });
  const good = ['queued', 'sent', 'delivered', ...(message.channel === 'whatsapp' ? ['read'] : [])].map(change);
  if (fault?.kind === 'undelivered') {
    const errorCode = String(fault.code ?? UNREACHABLE);
    return [change('queued'), change('sent'), { ...change('undelivered'), errorCode }];
  }
  if (fault?.kind === 'callbacks_out_of_order')
    return good.toReversed().map((late) => ({ ...late, real: late === good.at(-1) }));
  if (fault?.kind === 'callbacks_twice') return good.flatMap((once) => [once, { ...once, real: false }]);
  if (fault?.kind === 'no_callbacks') return good.map((silent) => ({ ...silent, told: false }));
  return good;
}
