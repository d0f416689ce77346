import type { Connection } from '@temporalio/client';
import { encodeSearchAttributeIndexedValueType } from '@temporalio/common/lib/search-attributes.js';
import proto from '@temporalio/proto';

import { searchAttributes } from './search-attributes.ts';
import { WorkerStartError } from './worker-start-error.ts';

const { IndexedValueType } = proto.temporal.api.enums.v1;
type Registered = Record<string, proto.temporal.api.enums.v1.IndexedValueType> | null | undefined;

/** What is registered otherwise than we need it, and what is not registered at all. */
async function compare(connection: Connection, namespace: string): Promise<{ missing: string[]; wrong: string[] }> {
  const answer = await connection.operatorService.listSearchAttributes({ namespace });
  const registered: Registered = answer.customAttributes;
  const keys = Object.values(searchAttributes);
  const has = (name: string): boolean =>
    registered !== null && registered !== undefined && Object.hasOwn(registered, name);
  return {
    missing: keys.filter(({ name }) => !has(name)).map(({ name }) => name),
    wrong: keys
      .filter(({ name, type }) => has(name) && registered?.[name] !== encodeSearchAttributeIndexedValueType(type))
      .map(({ name, type }) => `${name} (is ${IndexedValueType[registered?.[name] ?? 0]}, must be ${type})`),
  };
}

/**
 * Refuses to go on where Temporal lacks a search attribute: every start of a workflow would fail.
 *
 * @throws WorkerStartError
 */
export async function assertSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const { missing, wrong } = await compare(connection, namespace);
  if (missing.length === 0 && wrong.length === 0) return;
  throw new WorkerStartError(
    'search_attributes',
    `Temporal's namespace "${namespace}" is not set up: ` +
      [
        missing.length === 0 ? '' : `search attributes missing: ${missing.join(', ')}`,
        wrong.length === 0 ? '' : `of another type: ${wrong.join(', ')}`,
      ]
        .filter((part) => part !== '')
        .join('; ') +
      '. Run "wedsync temporal setup" once for this namespace.',
  );
}

/**
 * Registers what is missing. Done twice, the second time changes nothing.
 *
 * @returns names of the attributes that were added
 * @throws WorkerStartError where one exists with another type: that cannot be mended from here
 */
export async function registerSearchAttributes(connection: Connection, namespace: string): Promise<string[]> {
  const { missing } = await compare(connection, namespace);
  if (missing.length > 0) {
    await addSearchAttributes(connection, namespace, missing);
  }
  const { wrong } = await compare(connection, namespace);
  if (wrong.length > 0) {
    throw new WorkerStartError(
      'search_attributes',
      `Temporal's namespace "${namespace}" has search attributes of other types: ${wrong.join(', ')}. ` +
        'Remove them (temporal operator search-attribute remove) or use another namespace.',
    );
  }
  return missing;
}

/** Adds attributes without asking which there are. */
export async function addSearchAttributes(
  connection: Connection,
  namespace: string,
  names: readonly string[] = Object.values(searchAttributes).map(({ name }) => name),
): Promise<void> {
  const wanted = Object.values(searchAttributes).filter(({ name }) => names.includes(name));
  const types = wanted.map(({ name, type }) => [
    name,
    encodeSearchAttributeIndexedValueType(type) ?? IndexedValueType.INDEXED_VALUE_TYPE_UNSPECIFIED,
  ]);
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: Object.fromEntries(types) });
}
