import { contactLinkToken } from '../../db/contact-links.ts';
import type { Trx } from '../../db/tenant.ts';

/** The recipient's own pages: choose what is sent, and stop it with one click. */
export interface PersonalLinks {
  readonly preferences: string;
  readonly unsubscribe: string;
}

/**
 * @param publicUrl where couples reach our pages; without it there are no such links, and a template that needs one
 *   blocks its message
 */
export async function personalLinks(
  trx: Trx,
  contactId: string,
  publicUrl: string | undefined,
): Promise<PersonalLinks | null> {
  if (publicUrl === undefined) return null;
  const token = await contactLinkToken(trx, contactId);
  return { preferences: new URL(`/c/${token}`, publicUrl).href, unsubscribe: new URL(`/u/${token}`, publicUrl).href };
}
