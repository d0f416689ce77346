import { DomUtils, parseDocument } from 'htmlparser2';
import { findVariable } from '../variable-catalogue.ts';
import { error, warning, type Finding } from './finding.ts';

type Element = ReturnType<typeof DomUtils.findAll>[number];

const FORBIDDEN = [
  'script',
  'iframe',
  'frame',
  'frameset',
  'object',
  'embed',
  'applet',
  'form',
  'input',
  'button',
  'textarea',
  'select',
  'base',
  'video',
  'audio',
];
// Gmail shows no more than this of a message and hides the rest, the way to unsubscribe included.
const GMAIL_CLIPS_AT = 102 * 1_024;
const ADDRESS_ATTRIBUTES = ['href', 'src', 'background', 'action', 'poster'];

/**
 * What is wrong with a mail as the couple would get it.
 *
 * @param extent a part has neither a heading nor a language of its own
 */
export function checkHtml(html: string, extent: 'mail' | 'part' = 'mail'): Finding[] {
  const elements = DomUtils.findAll(() => true, parseDocument(html).children);
  const findings = [...checkSize(html), ...elements.flatMap(checkElement)];
  return extent === 'part' ? findings : [...findings, ...checkHeadings(elements), ...checkLanguage(elements)];
}

/**
 * Links that are put together from variables. A name in the wrong place could make a link of its own
 * (`javascript:...`), so only the catalogue's links may begin one.
 *
 * @param compiled the HTML before Liquid has filled it in
 */
export function checkLinks(compiled: string): Finding[] {
  return DomUtils.findAll(() => true, parseDocument(compiled).children).flatMap((element) =>
    ADDRESS_ATTRIBUTES.flatMap((attribute): Finding[] => {
      const value = element.attribs[attribute]?.trim() ?? '';
      if (
        !value.includes('{{') ||
        /^https?:\/\/[^/{]+\//.test(value) ||
        value.startsWith('mailto:') ||
        value.startsWith('tel:')
      )
        return [];
      const [, name = ''] = /^\{\{-?\s*([\w.]+)/.exec(value) ?? [];
      if (findVariable(name)?.type === 'link') return [];
      return [
        error(
          'link_unsafe',
          'body',
          `A link begins with "${value.slice(0, 60)}", which need not be a link. Begin it with https:// or a variable that is a link.`,
        ),
      ];
    }),
  );
}

function checkSize(html: string): Finding[] {
  const bytes = Buffer.byteLength(html);
  const shown = `${Math.round(bytes / 1_024)} KB`;
  if (bytes > GMAIL_CLIPS_AT)
    return [error('too_large', 'body', `The mail is ${shown}; Gmail cuts off at 102 KB. Shorten it.`)];
  if (bytes > GMAIL_CLIPS_AT * 0.8)
    return [warning('nearly_too_large', 'body', `The mail is ${shown}; Gmail cuts off at 102 KB.`)];
  return [];
}

function checkElement(element: Element): Finding[] {
  const { name, attribs } = element;
  const findings: Finding[] = [];
  if (FORBIDDEN.includes(name)) {
    findings.push(
      error(
        'forbidden_tag',
        'body',
        `<${name}> cannot be in a mail: mail programs take it out or call the mail dangerous.`,
      ),
    );
  }
  if (name === 'meta' && attribs['http-equiv']?.toLowerCase() === 'refresh') {
    findings.push(error('forbidden_tag', 'body', 'A mail may not send its reader somewhere else by itself.'));
  }
  for (const attribute of Object.keys(attribs)) {
    if (/^on[a-z]/i.test(attribute))
      findings.push(error('forbidden_attribute', 'body', `${attribute}="..." is a program; mails cannot have any.`));
  }
  for (const attribute of ADDRESS_ATTRIBUTES) findings.push(...checkAddress(name, attribute, attribs[attribute]));
  if (name === 'img' && attribs['alt'] === undefined) {
    findings.push(
      error(
        'alt_missing',
        'body',
        'A picture has no text for those who do not see it. Add alt="..." (empty for mere decoration).',
      ),
    );
  }
  if (name === 'a' && attribs['href'] !== undefined && linkText(element) === '') {
    findings.push(error('link_text_missing', 'body', 'A link has no text, so nobody can tell where it leads.'));
  }
  return findings;
}

function checkAddress(tag: string, attribute: string, value: string | undefined): Finding[] {
  if (value === undefined) return [];
  // Browsers pass over white space and control characters in front of and inside a scheme.
  const address = value.replaceAll(/[\s\p{Cc}]/gu, '').toLowerCase();
  if (address === '' || address === '#')
    return tag === 'a' ? [error('link_empty', 'body', 'A link leads nowhere. Give it an address.')] : [];
  const scheme = /^([a-z][a-z0-9+.-]*):/.exec(address)?.[1];
  if (attribute === 'src' && (scheme === 'cid' || address.startsWith('data:image/'))) return [];
  if (scheme === 'http')
    return [warning('link_insecure', 'body', `${value.slice(0, 60)} is not encrypted. Use https://.`)];
  if (scheme !== undefined && ['https', 'mailto', 'tel', 'sms'].includes(scheme)) return [];
  return [
    error(
      'link_forbidden',
      'body',
      `"${value.slice(0, 60)}" is no address that a mail may have. Use https://, mailto: or tel:.`,
    ),
  ];
}

function checkHeadings(elements: Element[]): Finding[] {
  const count = elements.filter((element) => element.name === 'h1').length;
  if (count === 1) return [];
  return [
    error(
      'heading',
      'body',
      `The mail has ${count} main headings (h1); it needs one, by which a screen reader begins.`,
    ),
  ];
}

function checkLanguage(elements: Element[]): Finding[] {
  const language = elements.find((element) => element.name === 'html')?.attribs['lang'] ?? '';
  if (/^[a-z]{2,3}(-|$)/i.test(language) && language !== 'und') return [];
  return [
    warning(
      'language_missing',
      'body',
      'The mail does not say its language, so it may be read aloud wrongly. Write <mjml lang="en-GB">.',
    ),
  ];
}

function linkText(link: Element): string {
  const pictures = DomUtils.findAll((element) => element.name === 'img', link.children);
  return `${DomUtils.textContent(link)}${pictures.map((picture) => picture.attribs['alt'] ?? '').join('')}${link.attribs['aria-label'] ?? ''}`.trim();
}
