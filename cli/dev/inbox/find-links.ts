import { DomUtils, parseDocument } from 'htmlparser2';

/** A link of a mail, with what is wrong with it as far as that can be seen without opening it. */
export type FoundLink = { href: string; text: string; problem?: string };

/** The links of a mail's HTML, in order. None is opened: opening one may mean something, such as unsubscribing. */
export function findLinks(html: string): FoundLink[] {
  const links = DomUtils.findAll((element) => element.name === 'a', parseDocument(html).children);
  return links.map((link) => {
    const href = link.attribs['href'] ?? '';
    const text = DomUtils.textContent(link).replaceAll(/\s+/g, ' ').trim();
    const problem = problemOf(href, text);
    return problem === undefined ? { href, text } : { href, text, problem };
  });
}

function problemOf(href: string, text: string): string | undefined {
  if (href.trim() === '') return 'leads nowhere';
  if (/\{\{|\}\}/.test(href)) return 'still holds a variable';
  if (text === '') return 'has no text';
  if (!/^(?:https?:|mailto:|tel:|sms:)/i.test(href)) return 'is no address that a mail may have';
  // The pages of the development set-up are on this machine, where nobody listens in.
  if (/^http:\/\/(?!127\.0\.0\.1[:/]|localhost[:/])/i.test(href)) return 'is not encrypted';
  if (/^https?:/i.test(href) && !URL.canParse(href)) return 'is not a valid address';
  return undefined;
}
