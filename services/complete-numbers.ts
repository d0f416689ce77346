import { countryOfOrganization } from '../channels/phone-country.ts';
import { parsePhoneNumber } from '../channels/phone-number.ts';
import { keepNetworkForm, nationalNumbers } from '../db/contact-numbers.ts';
import type { Trx } from '../db/tenant.ts';

/**
 * Gives the numbers that some program wrote as people in the organization's country do ("07700 900123") the form of the
 * networks, because answers and opt-outs come with that one. What is no number stays as it is; a message to it says so.
 */
export async function completeNumbers(trx: Trx, clientIds: readonly string[]): Promise<void> {
  for (const { contactId, number, ...organization } of await nationalNumbers(trx, clientIds)) {
    const parsed = parsePhoneNumber(number, countryOfOrganization(organization));
    if (parsed !== null) await keepNetworkForm(trx, contactId, parsed.e164);
  }
}
