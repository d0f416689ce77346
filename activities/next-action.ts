/** Names one execution. The only thing that goes into a workflow; everything else is read where it is needed. */
export interface ExecutionRef {
  readonly organizationId: string;
  readonly executionId: string;
}

/** Names one occurrence of one step of an execution. */
export interface StepRef extends ExecutionRef {
  readonly key: string;
  /** 1 for the first; repeats and messages sent again after a moved date count on. */
  readonly occurrence: number;
}

/** The activity that carries out a step. A name per kind of step, so that the Temporal UI reads like the journey. */
export type StepActivityName =
  | 'sendEmail'
  | 'sendSms'
  | 'sendWhatsapp'
  | 'callWebhook'
  | 'createTask'
  | 'notifyTeam'
  | 'updateClient'
  | 'decide'
  | 'recordStep';

/** Carry out one step now. */
export interface RunAction {
  readonly kind: 'run';
  readonly activity: StepActivityName;
  /** Touches nothing but our database: it runs inside the workflow task and costs one event instead of six. */
  readonly local: boolean;
  readonly key: string;
  readonly occurrence: number;
  /** For a person reading Temporal's pages; holds the journey's words, never the couple's. */
  readonly summary: string;
  /** Task queue of the channel; absent: the workflow's own. */
  readonly queue?: string | undefined;
  /** 1 comes first, 5 last; absent: as the workflow was started. */
  readonly priorityKey?: number | undefined;
}

/** Nothing to do before `untilMs`. */
export interface WaitAction {
  readonly kind: 'wait';
  /** Epoch milliseconds; null: only a change of the facts can lead on. */
  readonly untilMs: number | null;
  readonly summary: string;
  /** What is to be run then unless the facts change meanwhile; null: plan again. */
  readonly whenDue: RunAction | null;
}

/** The execution has ended. */
export interface FinishedAction {
  readonly kind: 'finished';
  readonly status: 'completed' | 'stopped';
}

/** What admins see in Temporal's list of workflows; see worker/search-attributes.ts. */
export interface VisibleState {
  readonly status: string;
  /** Something waits for a person: an approval, an answer, a message whose fate is unknown. */
  readonly blocked: boolean;
  readonly version: number;
  /** Civil date `YYYY-MM-DD`, or null while there is none. */
  readonly weddingOn: string | null;
  readonly currentStep: string | null;
  readonly nextDueMs: number | null;
}

/** The planner's answer, reduced to what the workflow needs. */
export type NextAction = (RunAction | WaitAction | FinishedAction) & {
  /** Null where nothing can be said any more: the row is gone, or was closed by somebody else. */
  readonly visible: VisibleState | null;
  /** Of two plans of an execution the one with the greater number knows more; absent where none was written down. */
  readonly serial?: number | undefined;
};

/** What `factsChanged` tells. */
export interface FactsNews {
  /** What changed them: a row of the outbox, or a word. */
  readonly eventId: string;
  /** What is next by the changed facts, where whoever tells has planned already. */
  readonly plan?: NextAction | undefined;
}

/** What a person may command by an update; services/executions/ has the verbs, with some more that carry words. */
export type CommandName =
  | 'pause'
  | 'resume'
  | 'skipStep'
  | 'runNow'
  | 'retryStep'
  | 'reschedule'
  | 'migrate'
  | 'approve'
  | 'reject'
  | 'asTemplate'
  | 'stop'
  | 'restart';

/** What a command needs to know. Words of people do not go through Temporal: they may be about the couple. */
export interface CommandInput {
  /** Who commands, by id: `user:<id>`, `admin` and the like. */
  readonly by: string;
  /** The step it is about. */
  readonly key?: string | undefined;
  /** 1 where it is absent. */
  readonly occurrence?: number | undefined;
  /** ISO instant to the second, UTC: where a step is put. */
  readonly at?: string | undefined;
  /** Number of the version of the journey. */
  readonly version?: number | undefined;
  /** What becomes of the steps that fell due during a pause; absent: send. */
  readonly late?: 'send' | 'skip' | 'ask' | undefined;
}

export interface Command extends CommandInput {
  readonly name: CommandName;
  /** The same id is the same command. */
  readonly commandId: string;
}

/** Done, or refused with a reason for the person. */
export type CommandAnswer =
  | { readonly ok: true }
  | { readonly ok: false; readonly code: string; readonly message: string };

/** What the activities look like from inside a workflow. */
export interface JourneyActivities {
  /** Plans, records the plan and says what is next. */
  planStep(execution: ExecutionRef): Promise<NextAction>;
  /** Carries out a person's command in our rows. The same command again changes nothing and answers the same. */
  giveCommand(command: ExecutionRef & Command): Promise<CommandAnswer>;
  /** Writes down that an admin cancelled the workflow. */
  markCancelled(execution: ExecutionRef): Promise<void>;
}

/** Carries out one step and answers with what is next. */
export type StepActivity = (step: StepRef) => Promise<NextAction>;
