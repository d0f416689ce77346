const ADDRESS = /[^\s<>"'(),:;]+@[^\s<>"'(),:;]+/g;
// International form, national form with its leading zero, or a bare run of digits: reply codes are shorter.
const NUMBER = /\+\d[\d ().-]{6,}\d|\b0\d{2,4}[ -]?\d{3}[ -]?\d{3,4}\b|\b\d{9,15}\b/g;
const LONGEST = 300;

/**
 * Takes addresses and telephone numbers out of a provider's words, because those words travel to logs, histories and
 * metrics, where no personal data may be. Reply codes and enhanced codes stay readable. Cut at 300 characters.
 */
export function redact(text: string): string {
  const oneLine = text.replaceAll(/\s+/g, ' ').trim();
  return maskContacts(oneLine).slice(0, LONGEST);
}

/** The same for a text of several lines, such as a stack trace, which keeps its length. */
export function maskContacts(text: string): string {
  return text.replaceAll(ADDRESS, '[address]').replaceAll(NUMBER, '[number]');
}
