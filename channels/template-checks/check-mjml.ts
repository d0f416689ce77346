import { error, type Finding } from './finding.ts';

const LIQUID = /\{%[\s\S]*?%\}|\{\{[\s\S]*?\}\}/g;
const DEEPEST = 20;

/**
 * What MJML itself lets pass: tags that are not closed or too deep, and Liquid that stands where MJML drops it without
 * a word (between sections; there it must be in `mj-raw`).
 *
 * @param compiled the HTML made of the source
 */
export function checkMjml(source: string, compiled: string): Finding[] {
  return [...unbalanced(source), ...dropped(source, compiled)];
}

// An attribute's value may hold > itself.
const TAG = /<(\/?)([a-z][\w:-]*)((?:[^<>"']|"[^"]*"|'[^']*')*?)(\/?)>/gi;
const VOID = /^(?:area|br|col|hr|img|input|meta|wbr)$/i;

function unbalanced(source: string): Finding[] {
  // Comparisons in Liquid hold < and >, which are no tags.
  const plain = source.replaceAll(LIQUID, '').replaceAll(/<!--[\s\S]*?-->/g, '');
  const open: string[] = [];
  for (const [, closing, name = '', , selfClosing] of plain.matchAll(TAG)) {
    if (selfClosing === '/' || VOID.test(name)) continue;
    if (closing === '') open.push(name);
    else if (open.at(-1) === name) open.pop();
    else return [notClosed(open.at(-1), name)];
    if (open.length > DEEPEST)
      return [error('too_deep', 'body', `The layout is nested more than ${DEEPEST} deep. Make it flatter.`)];
  }
  return open.length === 0 ? [] : [notClosed(open.at(-1), undefined)];
}

function notClosed(inner: string | undefined, met: string | undefined): Finding {
  if (inner === undefined)
    return error('tag_not_closed', 'body', `</${met}> closes what was never opened. Take it out.`);
  const where = met === undefined ? 'at all' : `before </${met}>`;
  return error('tag_not_closed', 'body', `<${inner}> is not closed ${where}. Close it with </${inner}>.`);
}

function dropped(source: string, compiled: string): Finding[] {
  const kept = tags(compiled.replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&'));
  return [...tags(source)].flatMap(([tag, times]): Finding[] => {
    if ((kept.get(tag) ?? 0) >= times) return [];
    const message = `${tag} stands where the layout has no place for it and would be lost. Put it inside <mj-raw> or into a text.`;
    return [error('liquid_dropped', 'body', message)];
  });
}

function tags(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [tag] of text.replaceAll(/<!--[\s\S]*?-->/g, '').matchAll(LIQUID)) {
    const name = tag.replaceAll(/\s+/g, ' ');
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}
