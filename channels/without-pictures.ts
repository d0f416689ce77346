import { DomUtils, parseDocument } from 'htmlparser2';

type Node = ReturnType<typeof parseDocument>['children'][number];

/**
 * A mail as it looks where pictures are not loaded, which is how many people see it first: in place of each picture
 * stands its text, and behind everything stands its colour alone.
 */
export function withoutPictures(html: string): string {
  const document = parseDocument(html);
  for (const element of DomUtils.findAll(() => true, document.children)) {
    delete element.attribs['background'];
    const style = element.attribs['style'];
    if (style !== undefined) element.attribs['style'] = withoutUrls(style);
    if (element.name === 'img') DomUtils.replaceElement(element, textFor(element.attribs['alt'] ?? ''));
    if (element.name === 'style') {
      for (const child of element.children) if ('data' in child) child.data = withoutUrls(child.data);
    }
  }
  return DomUtils.getOuterHTML(document);
}

const withoutUrls = (css: string): string => css.replaceAll(/url\((?:"[^"]*"|'[^']*'|[^)]*)\)/gi, 'none');

/** The text that stands for a picture, in a frame as mail programs show it. A mere decoration leaves nothing. */
function textFor(alt: string): Node {
  const text = alt.trim().replaceAll('&', '&amp;').replaceAll('<', '&lt;');
  const frame = text === '' ? '' : ' style="border:1px solid #767676;padding:2px 6px"';
  const [span] = parseDocument(`<span${frame}>${text}</span>`).children;
  if (span === undefined) throw new Error('The parser gave no element.');
  return span;
}
