/**
 * Text from a file or a fact, safe to print: control characters, which could repaint a terminal, and characters that
 * turn the direction of writing are shown as a question mark.
 */
export function printable(text: string): string {
  return text.replaceAll(/[\p{Cc}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/gu, '?');
}
