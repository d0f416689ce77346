import { rm, writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';

import { Command } from 'commander';

import type { CoupleDatabases } from '../../services/privacy/couples.ts';
import type { Deletion } from '../../services/privacy/delete-client.ts';
import { OperatorError } from '../operator-error.ts';
import { writeOut } from '../output/write-out.ts';
import { withDatabaseAs } from '../open-as.ts';
import { openOrganizationDatabase } from '../organization-database.ts';
import { UUID } from '../../db/uuid.ts';

interface Subject {
  organization?: string;
  client?: string;
  couple?: string;
  data: string;
}

const ACTOR = 'admin:cli';
/** `wedsync privacy export|delete|restore|requests`. */
export function privacyCommand(): Command {
  return new Command('privacy')
    .description('What is kept about a couple: hand it over, delete it, and see what was asked for.')
    .addCommand(exportCommand())
    .addCommand(deleteCommand())
    .addCommand(restoreCommand())
    .addCommand(requestsCommand());
}

const withData = (command: Command): Command =>
  command.option(
    '--data <folder>',
    'the development set-up whose database is used, unless DATABASE_URL is set',
    '.wedsync',
  );

const withSubject = (command: Command): Command =>
  withData(command)
    .option('--organization <slug>', 'the supplier, with --client')
    .option('--client <id>', "the couple, as this supplier's record")
    .option('--couple <id>', 'the couple, as an account: with what every supplier keeps about it');

function exportCommand(): Command {
  return withSubject(new Command('export'))
    .description('Write everything that is kept about a couple to a JSON file, with what each table and column means.')
    .requiredOption('--out <file>', 'where to; the file must not exist')
    .action(async (options: Subject & { out: string }) => {
      const subject = subjectOf(options);
      const place = resolve(options.out);
      await writeFile(place, '', { flag: 'wx', mode: 0o600 }).catch((error: unknown) => {
        throw new OperatorError(`The file cannot be made: ${error instanceof Error ? error.message : String(error)}.`);
      });
      const json = await exported(subject, options, place);
      if (json === null) {
        await rm(place);
        throw new OperatorError(notFound(subject));
      }
      await writeFile(place, json);
      await writeOut(process.stdout, `Written: ${place}\n`);
    });
}

async function exported(subject: SubjectId, options: Subject, place: string): Promise<string | null> {
  const now = new Date();
  if (subject.kind === 'couple') {
    const { exportCouple } = await import('../../services/privacy/couples.ts');
    return withBoth(options, (databases) => exportCouple(databases, subject.id, ACTOR, place, now));
  }
  const { exportClient } = await import('../../services/privacy/export-client.ts');
  return inOrganization(subject.organization, options.data, async (opened) => {
    const context = { organizationId: opened.organizationId, actor: ACTOR };
    return (await exportClient(opened.database, context, subject.id, place, now))?.json ?? null;
  });
}

function deleteCommand(): Command {
  return withSubject(new Command('delete'))
    .description('Delete a couple and everything that is kept about it, for ever; payments stay, without a name.')
    .option('--recoverable', 'delete so that it can be restored for 90 days, or as the supplier says')
    .option('--yes', 'do it: without this it is only said what would be deleted')
    .option('--wait <seconds>', 'how long to wait for its journeys to end', (text) => Number(text), 10)
    .addHelpText(
      'after',
      `
Exit codes: 0 done, 1 accepted but not finished (its journeys have not ended: "wedsync db maintain" finishes it), 2 usage.`,
    )
    .action(async (options: Subject & { yes?: boolean; recoverable?: boolean; wait: number }) => {
      const subject = subjectOf(options);
      if (options.yes !== true) {
        throw new OperatorError('Nothing was deleted. This cannot be undone: add --yes, or --recoverable --yes.');
      }
      const lines = options.recoverable === true ? await softDelete(subject, options) : await erase(subject, options);
      await writeOut(process.stdout, `${lines.join('\n')}\n`);
    });
}

async function softDelete(subject: SubjectId, options: Subject): Promise<string[]> {
  if (subject.kind === 'couple')
    throw new OperatorError('--recoverable is for --client: an account is deleted for ever.');
  const [{ softDeleteClient }, { withTenant }] = await Promise.all([
    import('../../services/privacy/recoverable-deletion.ts'),
    import('../../db/tenant.ts'),
  ]);
  const done = await inOrganization(subject.organization, options.data, ({ database, organizationId }) =>
    withTenant(database, { organizationId, actor: ACTOR }, (trx) => softDeleteClient(trx, subject.id, null)),
  );
  if (!done) throw new OperatorError(`${notFound(subject)} Or it is deleted already.`);
  return ['Deleted. It can be restored with "wedsync privacy restore" until the upkeep erases it.'];
}

async function erase(subject: SubjectId, options: Subject & { wait: number }): Promise<string[]> {
  const waitMs = options.wait * 1_000;
  if (subject.kind === 'couple') {
    const { deleteCouple } = await import('../../services/privacy/couples.ts');
    const deletions = await withBoth(options, (databases) => deleteCouple(databases, subject.id, ACTOR, waitMs));
    if (deletions === null) throw new OperatorError(notFound(subject));
    return ['The account is erased.', ...deletions.map(told)];
  }
  const { deleteClient } = await import('../../services/privacy/delete-client.ts');
  const deletion = await inOrganization(subject.organization, options.data, ({ database, organizationId }) =>
    deleteClient(database, { organizationId, actor: ACTOR }, subject.id, waitMs),
  );
  if (deletion.outcome === 'not_found') throw new OperatorError(notFound(subject));
  return [told(deletion)];
}

function told(deletion: Deletion): string {
  if (deletion.outcome === 'not_found') return 'One supplier has no record of it any more.';
  if (deletion.outcome === 'erased') {
    return `Erased: ${JSON.stringify(deletion.report)}. Request ${deletion.requestId}.`;
  }
  process.exitCode = 1;
  return `Its journeys have not ended yet. "wedsync db maintain" erases it when they have. Request ${deletion.requestId}.`;
}

function restoreCommand(): Command {
  return withData(new Command('restore'))
    .description('Take back a deletion that can be taken back. Its journeys stay ended.')
    .requiredOption('--organization <slug>', 'the supplier')
    .requiredOption('--client <id>', 'the couple')
    .action(async (options: { organization: string; client: string; data: string }) => {
      const [{ restoreClient }, { withTenant }] = await Promise.all([
        import('../../services/privacy/recoverable-deletion.ts'),
        import('../../db/tenant.ts'),
      ]);
      const subject = subjectOf(options);
      const outcome = await inOrganization(options.organization, options.data, ({ database, organizationId }) =>
        withTenant(database, { organizationId, actor: ACTOR }, (trx) => restoreClient(trx, subject.id)),
      );
      const said = {
        restored: 'Restored.',
        not_deleted: 'It is not deleted.',
        erased: 'It was erased: there is nothing left to restore.',
        not_found: notFound(subject),
      };
      if (outcome !== 'restored') process.exitCode = 1;
      await writeOut(process.stdout, `${said[outcome]}\n`);
    });
}

function requestsCommand(): Command {
  return withData(new Command('requests'))
    .description('List what was asked for: exports and deletions.')
    .requiredOption('--organization <slug>', 'the supplier')
    .option('--json', 'for machines')
    .action(async (options: { organization: string; data: string; json?: boolean }) => {
      const [{ privacyRequests }, { withTenant }] = await Promise.all([
        import('../../services/privacy/requests.ts'),
        import('../../db/tenant.ts'),
      ]);
      const requests = await inOrganization(options.organization, options.data, ({ database, organizationId }) =>
        withTenant(database, { organizationId, actor: ACTOR }, privacyRequests),
      );
      const lines = requests.map(
        ({ kind, status, subjectId, requestedBy, requestedAt }) =>
          `${requestedAt}  ${kind.padEnd(8)}  ${status.padEnd(9)}  ${subjectId}  ${requestedBy}`,
      );
      const text = lines.length === 0 ? 'Nothing was asked for.' : lines.join('\n');
      await writeOut(process.stdout, options.json ? `${JSON.stringify(requests, null, 2)}\n` : `${text}\n`);
    });
}

type SubjectId = { kind: 'client'; organization: string; id: string } | { kind: 'couple'; id: string };

function subjectOf({ organization, client, couple }: Omit<Subject, 'data'>): SubjectId {
  const id = couple ?? client ?? '';
  if ((couple === undefined) === (client === undefined)) {
    throw new OperatorError('Say which: --client <id> with --organization <slug>, or --couple <id>.');
  }
  if (!UUID.test(id))
    throw new OperatorError(`"${id}" is no id: ids have the form 00000000-0000-4000-8000-000000000000.`);
  if (couple !== undefined) return { kind: 'couple', id };
  if (organization === undefined) throw new OperatorError('--client needs --organization <slug>.');
  return { kind: 'client', organization, id };
}

const notFound = (subject: SubjectId): string =>
  subject.kind === 'couple'
    ? `There is no couple with the account ${subject.id}.`
    : `The organization "${subject.organization}" has no couple with the id ${subject.id}.`;

type Opened = Awaited<ReturnType<typeof openOrganizationDatabase>>;

async function inOrganization<T>(slug: string, data: string, work: (opened: Opened) => Promise<T>): Promise<T> {
  const opened = await openOrganizationDatabase(slug, resolve(data), process.env);
  try {
    return await work(opened);
  } finally {
    await opened.close();
  }
}

const withBoth = <T>(options: Subject, work: (databases: CoupleDatabases) => Promise<T>): Promise<T> =>
  withDatabaseAs('app_ops', resolve(options.data), process.env, (account) =>
    withDatabaseAs('app_api', resolve(options.data), process.env, (tenants) => work({ account, tenants })),
  );
