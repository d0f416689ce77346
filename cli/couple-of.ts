import { findCouple } from '../db/find-couple.ts';
import type { Trx } from '../db/tenant.ts';
import { OperatorError } from './operator-error.ts';

/** The couple named on the command line. @throws OperatorError where there is none, or several */
export async function coupleOf(trx: Trx, word: string): Promise<string> {
  const found = await findCouple(trx, word);
  if (!found.ok) throw new OperatorError(found.message);
  return found.clientId;
}
