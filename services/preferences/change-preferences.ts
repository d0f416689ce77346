import {
  preferencesOf,
  type ChosenPurpose,
  type PersonPreferences,
  type ReachablePreference,
} from '../../db/contact-links.ts';
import { liftOwnSuppression, recordConsent, suppress } from '../../db/suppressions.ts';
import type { Trx } from '../../db/tenant.ts';

const PURPOSES: readonly ChosenPurpose[] = ['service', 'marketing'];

/** What a person ticked: `email.service`, `sms.marketing` ... */
export type Ticked = ReadonlySet<`${ReachablePreference['channel']}.${ChosenPurpose}`>;

/**
 * Records what a person chose on their page, on every way of reaching them. What they did not touch adds no row.
 *
 * @param evidence how it is known: the page, and the address the request came from, hashed
 * @returns what holds now; null where the contact is gone
 */
export async function changePreferences(
  trx: Trx,
  contactId: string,
  ticked: Ticked,
  evidence: Readonly<Record<string, string>>,
): Promise<PersonPreferences | null> {
  const before = await preferencesOf(trx, contactId);
  if (before === null) return null;
  for (const way of before.ways) {
    const isTicked = (purpose: ChosenPurpose): boolean => ticked.has(`${way.channel}.${purpose}`);
    const changed = PURPOSES.filter((purpose) => isTicked(purpose) !== way.allows[purpose]);
    const allowed = changed.filter(isTicked);
    const stopped = changed.filter((purpose) => !isTicked(purpose));
    // A suppression says no whatever was agreed to; who agrees again lifts their own.
    if (allowed.length > 0) await liftOwnSuppression(trx, way.channel, way.address);
    const { contactId: of, channel } = way;
    const decision = { clientId: before.clientId, contactId: of, channel, source: 'couple', evidence } as const;
    await recordConsent(trx, { ...decision, purposes: allowed, state: 'granted' });
    await recordConsent(trx, { ...decision, purposes: stopped, state: 'withdrawn' });
  }
  return preferencesOf(trx, contactId);
}

/**
 * One click and the advertising stops (RFC 8058): for the address of the link, at once, whatever else holds. Messages
 * about the couple's own wedding go on; the page stops those.
 */
export async function unsubscribe(
  trx: Trx,
  contactId: string,
  evidence: Readonly<Record<string, string>>,
): Promise<PersonPreferences | null> {
  const before = await preferencesOf(trx, contactId);
  if (before === null) return null;
  for (const { contactId: id, channel, address } of before.ways.filter((way) => way.contactId === contactId)) {
    await suppress(trx, { channel, address, purposes: ['marketing'], reason: 'unsubscribe', communicationId: null });
    await recordConsent(trx, {
      clientId: before.clientId,
      contactId: id,
      channel,
      purposes: ['marketing'],
      state: 'withdrawn',
      source: 'one_click',
      evidence,
    });
  }
  return preferencesOf(trx, contactId);
}
