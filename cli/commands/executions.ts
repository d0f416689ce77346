import { Command, Option } from 'commander';

import type { Trx } from '../../db/tenant.ts';
import type { Commander, CommandResult } from '../../services/executions/command.ts';
import { decideApproval } from '../../services/executions/decide-approval.ts';
import { editMessage } from '../../services/executions/edit-message.ts';
import { endExecution } from '../../services/executions/end-execution.ts';
import { pauseExecution } from '../../services/executions/pause-execution.ts';
import { rescheduleStep, runStepNow } from '../../services/executions/reschedule-step.ts';
import { restartExecution } from '../../services/executions/restart-execution.ts';
import { resumeExecution, type LateAnswer } from '../../services/executions/resume-execution.ts';
import { retryStep } from '../../services/executions/retry-step.ts';
import { skipStep } from '../../services/executions/skip-step.ts';
import type { StepName } from '../../services/executions/step-row.ts';
import * as parse from '../executions/arguments.ts';
import { commandAction } from '../executions/command-action.ts';
import { batchesAction, enrolAction } from '../executions/enrol-action.ts';
import { holdAction, releaseAction } from '../executions/hold-actions.ts';
import { migrateAction } from '../executions/migrate-action.ts';
import { moveDateAction } from '../executions/move-date-action.ts';
import { listAction, showAction } from '../executions/look-actions.ts';
import type { OrganizationOptions } from '../executions/in-organization.ts';
import { OperatorError } from '../operator-error.ts';

type EditOptions = OrganizationOptions & { subject?: string; content?: string; asTemplate?: true };

/** `wedsync executions ...`: what couples go through, and a person's commands to it. */
export function executionsCommand(): Command {
  const executions = new Command('executions')
    .description('Look at what couples go through, and step in: pause, skip, approve, move, restart.')
    .addHelpText(
      'after',
      `
Every command names the organization: --organization <slug>. The database is the one of "npm run dev" or DATABASE_URL.
A step is named by its key, or key#occurrence. A command to one execution is answered with its new state: what is next,
when, and why.

Examples:
  wedsync executions list --organization wildflower --blocked
  wedsync executions show <execution> --organization wildflower
  wedsync executions pause <execution> --reason "on holiday" --organization wildflower
  wedsync executions enrol --journey "Full day photography" --status booked --dry-run --organization wildflower`,
    );
  withOrganization(executions.command('list'))
    .description('executions, those that act next first')
    .option('--client <id>', 'of one couple, with the journeys that have not begun for it and why', parse.clientId)
    .option('--journey <name>', 'of one journey, by name or id')
    .option('--status <word>', 'active, paused, completed, stopped, failed or cancelled', parse.state)
    .option('--blocked', 'only those that wait for a person')
    .option('--limit <number>', 'at most so many', parse.count, 50)
    .action(listAction);
  withOrganization(executions.command('show'))
    .description('the plan of one execution, past and future, with the reason of every line')
    .argument('<execution>', 'its id', parse.executionId)
    .action(showAction);
  withOrganization(executions.command('enrol'))
    .description('put couples on a journey: some, or all that match')
    .requiredOption('--journey <name>', 'by name or id')
    .option('--client <id...>', 'these couples', parse.clientIds)
    .option('--status <word>', 'couples of this status')
    .option('--tag <tag>', 'couples with this tag')
    .option('--wedding-from <date>', 'weddings from this day on', parse.civilDate)
    .option('--wedding-to <date>', 'weddings up to this day', parse.civilDate)
    .option('--dry-run', 'change nothing: say how many, and where each would join')
    .option('--show <number>', 'so many couples with what comes first and what is too late', parse.count, 20)
    .option('--no-wait', 'do not wait until all have begun')
    .addHelpText(
      'after',
      `
The couples are written at once, and begin at a measured pace behind everything that is due. Who is or was on the
journey is passed over, so the same command again does what is left.

Examples:
  wedsync executions enrol --journey "Full day" --status booked --wedding-from 2027-03-01 --dry-run --organization wildflower
  wedsync executions enrol --journey "Full day" --client <id> <id> --organization wildflower`,
    )
    .action(enrolAction);
  withOrganization(executions.command('batches'))
    .description('couples that were put on a journey together, and how many of them have begun')
    .argument('[batch]', 'only this one', parse.batchId)
    .action(batchesAction);

  command(executions, 'move-date', 'another wedding date for a couple, with what it changes', ['<client>', '[date]'])
    .option('--time <time>', 'wall time of the ceremony, HH:MM')
    .option('--zone <zone>', 'zone of the wedding, such as Europe/Rome')
    .option('--past <answer>', 'every step that would be past: send or skip; else its own rule', parse.pastAnswer)
    .option('--dry-run', 'only say what would change')
    .option('--undo', 'take the last change back, as long as nothing has gone out since')
    .action(moveDateAction);
  scoped(executions, 'hold', 'hold everything, one journey, one couple or one channel')
    .option('--reason <text>', 'why', '')
    .action(holdAction);
  scoped(executions, 'release', 'let go what was held')
    .option('--late <answer>', 'what was missed: send, skip or ask', parse.lateAnswer, 'send')
    .action(releaseAction);
  command(executions, 'pause', 'hold one execution', ['<execution>'])
    .option('--reason <text>', 'why', '')
    .action((execution: string, options: OrganizationOptions & { reason: string }) =>
      commandAction(options, (trx, by) => pauseExecution(trx, by, execution, options.reason)),
    );
  command(executions, 'resume', 'let a paused execution go on', ['<execution>'])
    .option('--late <answer>', 'what was missed: send, skip or ask', parse.lateAnswer, 'send')
    .action((execution: string, options: OrganizationOptions & { late: LateAnswer }) =>
      commandAction(options, (trx, by) => resumeExecution(trx, by, execution, options.late)),
    );
  onStep(executions, 'skip', 'this couple does not get this step', (trx, by, id, name) => skipStep(trx, by, id, name));
  onStep(executions, 'run-now', 'as soon as nothing forbids it', (trx, by, id, name) => runStepNow(trx, by, id, name));
  onStep(executions, 'retry', 'try a failed or unknown step again', (trx, by, id, name) =>
    retryStep(trx, by, id, name),
  );
  command(executions, 'reschedule', 'put a step to another instant', ['<execution>', '<step>', '<instant>']).action(
    (execution: string, step: StepName, instant: string, options: OrganizationOptions) =>
      commandAction(options, (trx, by) => rescheduleStep(trx, by, execution, step, instant)),
  );
  for (const decision of ['approved', 'rejected'] as const) {
    const verb = decision === 'approved' ? 'approve' : 'reject';
    command(executions, verb, `a message or a missed step is ${decision}`, ['<execution>', '<step>'])
      .option('--note <text>', 'why')
      .action((execution: string, step: StepName, options: OrganizationOptions & { note?: string }) =>
        commandAction(options, (trx, by) => decideApproval(trx, by, execution, step, { decision, note: options.note })),
      );
  }
  command(executions, 'edit', 'other words for this couple', ['<execution>', '<step>'])
    .option('--subject <text>', 'the subject of a mail')
    .addOption(new Option('--content <text>', 'the words, with the template variables').conflicts('asTemplate'))
    .addOption(new Option('--as-template', "back to the template's words").conflicts(['content', 'subject']))
    .addHelpText(
      'after',
      `
The words are checked as a template's are: a variable that does not exist is refused now, not when the message goes.

Examples:
  wedsync executions edit <execution> welcome --content "<p>Dear {{ client.coupleName }}, how was Rome?</p>" --organization wildflower
  wedsync executions edit <execution> welcome --as-template --organization wildflower`,
    )
    .action((execution: string, step: StepName, { subject, content, asTemplate, ...options }: EditOptions) => {
      if (content === undefined && asTemplate !== true) {
        throw new OperatorError(
          'Say what is to be written, --content "...", or --as-template for the template\'s words.',
        );
      }
      return commandAction(options, (trx, by) =>
        editMessage(trx, by, execution, step, content === undefined ? null : { subject, content }),
      );
    });
  command(executions, 'stop', 'end it; closing steps run', ['<execution>'])
    .option('--reason <text>', 'why', 'by hand')
    .action((execution: string, options: OrganizationOptions & { reason: string }) =>
      commandAction(options, (trx, by) => endExecution(trx, by, execution, options.reason)),
    );
  command(executions, 'restart', 'begin again from the start', ['<execution>']).action(
    (execution: string, options: OrganizationOptions) =>
      commandAction(options, (trx, by) => restartExecution(trx, by, execution, crypto.randomUUID())),
  );
  command(executions, 'migrate', 'move to another version of the journey, and back', ['<execution>'])
    .requiredOption('--to <version>', 'number of the version', parse.count)
    .option('--dry-run', 'only say what would change for this couple')
    .action(migrateAction);
  return executions;
}

/** What each argument has to look like. */
const PARSERS: Readonly<Record<string, (text: string) => unknown>> = {
  '<execution>': parse.executionId,
  '<step>': parse.stepName,
  '<instant>': parse.instant,
  '<client>': parse.clientId,
};

function scoped(parent: Command, name: string, description: string): Command {
  return command(parent, name, description, [])
    .option('--all', 'everything of the organization')
    .option('--journey <name>', 'one journey, by name or id')
    .option('--client <id>', 'one couple', parse.clientId)
    .option('--channel <word>', 'email, sms or whatsapp');
}

function command(parent: Command, name: string, description: string, args: readonly string[]): Command {
  const made = withOrganization(parent.command(name)).description(description);
  for (const argument of args) made.argument(argument, '', PARSERS[argument]);
  return made;
}

function onStep(
  parent: Command,
  name: string,
  description: string,
  carryOut: (trx: Trx, by: Commander, executionId: string, step: StepName) => Promise<CommandResult>,
): void {
  command(parent, name, description, ['<execution>', '<step>']).action(
    (execution: string, step: StepName, options: OrganizationOptions) =>
      commandAction(options, (trx, by) => carryOut(trx, by, execution, step)),
  );
}

function withOrganization(made: Command): Command {
  return made
    .requiredOption('--organization <slug>', 'whose couples')
    .option('--data <folder>', 'data folder of "npm run dev"', '.wedsync')
    .option('--json', 'for machines');
}
