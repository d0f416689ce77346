import { Argument, Command, Option } from 'commander';

import {
  addCoreField,
  CORE_FIELD_CATEGORIES,
  CORE_FIELD_TYPES,
  coreFields,
  coreHistory,
  coreValues,
  setCompletion,
  type CoreField,
} from '../../db/core-fields.ts';
import type { Trx } from '../../db/tenant.ts';
import { setCoreField } from '../../services/core-fields/set-core-field.ts';
import { coupleOf } from '../couple-of.ts';
import { OperatorError } from '../operator-error.ts';
import { inOrganization, organizationCommand, print, type OrganizationOptions } from '../organization-command.ts';
import { plainTable } from '../output/plain-table.ts';

/** `wedsync fields ...`: what is known about weddings in common fields. */
export function fieldsCommand(): Command {
  const fields = new Command('fields').description(
    'Common fields about a wedding: the platform’s, which couples share with their suppliers, and your own.',
  );
  for (const part of [list(), add(), show(), set(), history(), state()]) fields.addCommand(part);
  return fields;
}

function list(): Command {
  return organizationCommand('list')
    .description('Show the fields there are.')
    .action(async (options: OrganizationOptions) => {
      const rows = await inOrganization(options, coreFields);
      const lines = rows.map(({ key, label, type, category, isOwn }) => [
        key,
        type,
        isOwn ? 'own' : `shared (${category})`,
        label,
      ]);
      await print(options, rows, plainTable(['FIELD', 'TYPE', 'WHOSE', 'LABEL'], lines));
    });
}

function add(): Command {
  return organizationCommand('add')
    .description('Add a field of your own. Only your organization sees it; forms and conditions name it by its key.')
    .argument('<key>', 'such as parking_spaces')
    .requiredOption('--label <label>', 'what people call it')
    .addOption(new Option('--type <type>', 'what it holds').choices(CORE_FIELD_TYPES).makeOptionMandatory())
    .addOption(
      new Option('--category <category>', 'what it is about').choices(CORE_FIELD_CATEGORIES).default('general'),
    )
    .action(async (key: string, options: OrganizationOptions & Omit<CoreField, 'key' | 'isOwn'>) => {
      if (!/^[a-z][a-z0-9_]{0,39}$/.test(key)) {
        throw new OperatorError(`"${key}" is no key: small letters, digits and _, such as parking_spaces.`);
      }
      const { label, type, category } = options;
      const isNew = await inOrganization(options, (trx) => addCoreField(trx, { key, label, type, category }));
      if (!isNew) throw new OperatorError(`There is a field "${key}" already.`);
      await print(options, { key, label, type, category }, `The field "${key}" is there.`);
    });
}

function show(): Command {
  return coupleCommand('show')
    .description('Show what is known of a couple, by whom, in which version, and how far it has come.')
    .action(async (options: CoupleOptions) => {
      const rows = await ofCouple(options, coreValues);
      const lines = rows.map(({ key, value, source, version, status }) => [
        key,
        status,
        value === null ? '' : `${version}, ${source}`,
        words(value),
      ]);
      const nothing = 'Nothing is known in common fields.';
      await print(
        options,
        rows,
        rows.length === 0 ? nothing : plainTable(['FIELD', 'STATE', 'VERSION', 'VALUE'], lines),
      );
    });
}

function set(): Command {
  return coupleCommand('set')
    .description('Set a field of a couple; what the couple says reaches every supplier that it shares the field with.')
    .argument('<key>', 'field')
    .argument('<value>', 'text, or JSON for numbers, lists and null')
    .addOption(new Option('--said <by>', 'whose word it is').choices(['couple', 'supplier']).default('supplier'))
    .addHelpText(
      'after',
      '\nExample:\n  wedsync fields set guest_count 120 --client ana@example.com --said couple --organization the-caterer',
    )
    .action(async (key: string, value: string, options: CoupleOptions & { said: 'couple' | 'supplier' }) => {
      const { said } = options;
      const done = await ofCouple(options, (trx, clientId) =>
        setCoreField(trx, { clientId, key, value: valueOf(value), said }),
      );
      if (!done.ok) throw new OperatorError(done.message);
      const reach = said === 'couple' && !done.field.isOwn ? ' Connected suppliers know it too.' : '';
      await print(options, { key, value: valueOf(value), said }, `"${key}" is set.${reach}`);
    });
}

function history(): Command {
  return coupleCommand('history')
    .description('Show every value a field of a couple has had.')
    .argument('<key>', 'field')
    .action(async (key: string, options: CoupleOptions) => {
      const rows = await ofCouple(options, (trx, clientId) => coreHistory(trx, clientId, key));
      const lines = rows.map(({ version, at, source, actor, value }) => [
        String(version),
        at.toISOString(),
        `${source} (${actor})`,
        words(value),
      ]);
      const nothing = `"${key}" was never set, or is not shared.`;
      await print(options, rows, rows.length === 0 ? nothing : plainTable(['VERSION', 'SET', 'BY', 'VALUE'], lines));
    });
}

const STATES = ['completed', 'partial', 'pending', 'not_applicable'] as const;

function state(): Command {
  return coupleCommand('state')
    .description('Say how far a couple has come with a field; setting a value says it by itself.')
    .argument('<key>', 'field')
    .addArgument(new Argument('<state>', 'how far').choices(STATES))
    .action(async (key: string, status: (typeof STATES)[number], options: CoupleOptions) => {
      await ofCouple(options, async (trx, clientId) => {
        const known = await coreFields(trx);
        if (!known.some((field) => field.key === key)) throw new OperatorError(`There is no common field "${key}".`);
        await setCompletion(trx, { clientId, key, status });
      });
      await print(options, { key, status }, `"${key}" is ${status}.`);
    });
}

type CoupleOptions = OrganizationOptions & { client: string };

function coupleCommand(name: string): Command {
  return organizationCommand(name).requiredOption(
    '--client <client>',
    'id, external id or email address of the couple',
  );
}

function ofCouple<T>(options: CoupleOptions, work: (trx: Trx, clientId: string) => Promise<T>): Promise<T> {
  return inOrganization(options, async (trx) => work(trx, await coupleOf(trx, options.client)));
}

/** A word as it stands, or the number, list or null that it is in JSON. */
function valueOf(text: string): unknown {
  if (!/^(?:-?\d|\[|true$|false$|null$|")/.test(text) || /^\d{4}-\d{2}-\d{2}$|^\d{2}:\d{2}$/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

function words(value: unknown): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
