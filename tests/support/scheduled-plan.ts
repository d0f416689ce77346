import type {
  Command,
  CommandAnswer,
  ExecutionRef,
  NextAction,
  StepRef,
  VisibleState,
} from '../../activities/next-action.ts';

const visible: VisibleState = {
  status: '',
  blocked: false,
  version: 0,
  weddingOn: null,
  currentStep: null,
  nextDueMs: null,
};

/** A planner with a list of instants: what is due is sent, one after the other. */
export function schedule(times: number[], now: () => Promise<number>) {
  const sent: { key: string; atMs: number }[] = [];
  const plans: number[] = [];
  let serial = 0;
  const run = (index: number): NextAction & { kind: 'run' } => ({
    kind: 'run',
    activity: 'sendEmail',
    local: false,
    key: `step${index}`,
    occurrence: 1,
    summary: `email ${index}`,
    visible,
  });
  const next = async (): Promise<NextAction> => {
    const index = sent.length;
    const due = times[index];
    serial += 1;
    if (due === undefined) return { kind: 'finished', status: 'completed', visible, serial };
    if (due <= (await now())) return { ...run(index), serial };
    return { kind: 'wait', untilMs: due, summary: `email ${index}`, whenDue: run(index), visible, serial };
  };
  return {
    sent,
    /** When the workflow had a plan made. */
    plans,
    /** A plan that somebody else makes for the workflow. */
    ahead: next,
    move: (index: number, toMs: number): void => {
      times[index] = toMs;
    },
    activities: {
      planStep: async (): Promise<NextAction> => {
        plans.push(await now());
        return next();
      },
      sendEmail: async ({ key }: StepRef): Promise<NextAction> => {
        const due = times[Number(key.slice(4))] ?? 0;
        if (due <= (await now())) sent.push({ key, atMs: await now() });
        return next();
      },
      giveCommand: async ({ key, occurrence = 1 }: ExecutionRef & Command): Promise<CommandAnswer> => {
        const index = Number((key ?? '').slice(4));
        if (occurrence !== 1 || times[index] === undefined) {
          return { ok: false, code: 'step_not_found', message: 'There is no such step.' };
        }
        times[index] = await now();
        return { ok: true };
      },
      markCancelled: async (): Promise<void> => {},
    },
  };
}
