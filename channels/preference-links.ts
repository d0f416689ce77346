/** A person's own links, for `links.preferences` and `links.unsubscribe` and the List-Unsubscribe header. */
export type PreferenceLinks = { preferences: string; unsubscribe: string };

/**
 * @param publicUrl where the API is reached from outside
 * @param token of `app.contact_link`
 */
export function preferenceLinks(publicUrl: string, token: string): PreferenceLinks {
  const base = publicUrl.replace(/\/$/, '');
  return { preferences: `${base}/c/${token}`, unsubscribe: `${base}/u/${token}` };
}
