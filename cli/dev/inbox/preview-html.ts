import type { CaughtMessage } from './caught-message.ts';

/** What the browser may do with a mail: show it. No script, no form, no frame, nothing of the inbox's own origin. */
export function previewPolicy(images: boolean): string {
  const pictures = images ? "img-src 'self' data: https: http:" : "img-src 'none'";
  return `default-src 'none'; ${pictures}; style-src 'unsafe-inline'; font-src data:; base-uri 'none'; form-action 'none'; sandbox allow-popups allow-popups-to-escape-sandbox`;
}

/**
 * The mail's HTML as the inbox shows it: pictures that came with the mail are found, links open beside the inbox and
 * do not tell where they were clicked. What it may do is the policy's business, not this text's.
 *
 * @param dark whether the reader's program is dark; the inbox's own browser has no say in it
 */
export function previewHtml(message: CaughtMessage, dark: boolean): string {
  const html = message.html ?? '';
  const withPictures = html.replaceAll(/\bcid:([^"'\s)>]+)/g, (whole, contentId: string) => {
    const index = message.attachments.findIndex((attachment) => attachment.contentId === contentId);
    return index === -1 ? whole : `/api/messages/${message.id}/attachments/${index}`;
  });
  const inScheme = withPictures
    .replaceAll(/\(\s*prefers-color-scheme\s*:\s*dark\s*\)/gi, dark ? '(min-width: 0)' : '(max-width: 0)')
    .replaceAll(/\(\s*prefers-color-scheme\s*:\s*light\s*\)/gi, dark ? '(max-width: 0)' : '(min-width: 0)');
  return inScheme.replaceAll(/<a\s/gi, '<a target="_blank" rel="noopener noreferrer" ');
}
