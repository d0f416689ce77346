/** Header, footer, signature or another piece that messages put in by its name, ready to be rendered. */
export interface TemplatePart {
  readonly name: string;
  readonly channel: 'email' | 'sms' | 'whatsapp';
  readonly locale: string;
  readonly body: string;
}

/**
 * The parts that a template of this channel and language may put in, by name: of several languages its own comes first
 * (of the same country where it is there), and of the same language the last one.
 */
export function partsFor(
  parts: readonly TemplatePart[],
  channel: TemplatePart['channel'],
  locale = 'en-GB',
): Record<string, string> {
  const nearness = (part: TemplatePart): number =>
    part.locale === locale ? 2 : part.locale.split('-')[0] === locale.split('-')[0] ? 1 : 0;
  const fitting = parts.filter((part) => part.channel === channel).toSorted((a, b) => nearness(a) - nearness(b));
  return Object.fromEntries(fitting.map(({ name, body }) => [name, body]));
}
