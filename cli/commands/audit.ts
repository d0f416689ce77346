import { resolve } from 'node:path';

import { Command } from 'commander';

import { verifyAudit, type AuditVerification } from '../../services/verify-audit.ts';
import { sealAudit } from '../../services/maintain-database.ts';
import { withDatabaseAs } from '../open-as.ts';
import { OperatorError } from '../operator-error.ts';
import { writeOut } from '../output/write-out.ts';

interface Options {
  data: string;
  json?: boolean;
}

/** `wedsync audit seal|verify`. */
export function auditCommand(): Command {
  return new Command('audit')
    .description('Who changed what: seal the audit, and prove that nothing sealed was changed.')
    .addCommand(sealCommand())
    .addCommand(verifyCommand());
}

const withOptions = (command: Command): Command =>
  command
    .option('--data <folder>', 'the development set-up whose database is used, unless DATABASE_URL is set', '.wedsync')
    .option('--json', 'for machines');

function sealCommand(): Command {
  return withOptions(new Command('seal'))
    .description('Seal everything audited so far. The upkeep does it every day.')
    .action(async (options: Options) => {
      const { seals, pending } = await withDatabaseAs('app_ops', resolve(options.data), process.env, (database) =>
        sealAudit(database, 10_000),
      );
      if (pending) process.exitCode = 1;
      const lines = seals.map(
        (seal) => `${seal.sealNo}  ${seal.chainDigest}  ${seal.rowCount} ${seal.retentionClass} rows`,
      );
      const open = pending ? ['A transaction stays open: what it may still write is sealed by the next run.'] : [];
      const text = [...(lines.length === 0 && !pending ? ['There is nothing new to seal.'] : lines), ...open].join(
        '\n',
      );
      await writeOut(process.stdout, options.json ? `${JSON.stringify({ seals, pending })}\n` : `${text}\n`);
    });
}

function verifyCommand(): Command {
  return withOptions(new Command('verify'))
    .description('Compare every seal with the rows it is over, and with the seal before it.')
    .option('--digest <hex>', 'also look for a digest that was kept outside the database (repeatable)', collect, [])
    .addHelpText(
      'after',
      `
A person with all rights over the database could change rows and make new seals; they cannot change the digests that
were kept elsewhere. Give the newest of those with --digest.

Exit codes: 0 nothing sealed was changed, 1 something was, 2 no database or not a digest.

Example:
  wedsync audit verify --digest 3f6c…`,
    )
    .action(async (options: Options & { digest: string[] }) => {
      for (const digest of options.digest) {
        if (!/^[0-9a-f]{64}$/i.test(digest)) throw new OperatorError(`"${digest}" is no digest: it has 64 hex digits.`);
      }
      const result = await withDatabaseAs('app_ops', resolve(options.data), process.env, (database) =>
        verifyAudit(database, options.digest),
      );
      if (result.findings.length > 0) process.exitCode = 1;
      await writeOut(process.stdout, options.json ? `${JSON.stringify(result, null, 2)}\n` : verificationText(result));
    });
}

const collect = (value: string, before: string[]): string[] => [...before, value];

function verificationText({ seals, rows, unsealed, lastDigest, findings }: AuditVerification): string {
  if (findings.length > 0) {
    const lines = findings.map(
      ({ sealNo, code, detail }) => `${sealNo === null ? '' : `Seal ${sealNo}: `}${code}: ${detail}`,
    );
    return `The audit was changed.\n${lines.join('\n')}\n`;
  }
  const last = lastDigest === null ? '' : ` The last digest is ${lastDigest}.`;
  return `Nothing sealed was changed: ${seals} seals over ${rows} rows. Not sealed yet: ${unsealed} rows.${last}\n`;
}
