import { InvalidArgumentError, Option } from 'commander';

import type { AttachedFile } from '../../channels/attached-file.ts';

/** The forms in which a message is shown. */
export const PARTS = ['text', 'html', 'no-pictures', 'subject', 'json'] as const;
export type RenderedPart = (typeof PARTS)[number];

/** The option that says which form is printed. */
export const partOption = (): Option =>
  new Option('--part <part>', 'what to print; no-pictures is the HTML as it looks where pictures are not loaded')
    .choices(PARTS)
    .default('text');

/** A message in the form that was asked for. */
export function inPart(
  part: RenderedPart,
  message: {
    subject: string;
    text: string;
    html?: string | undefined;
    withoutPictures?: string | undefined;
    attachments: readonly AttachedFile[];
  },
): string {
  const { subject, text, html, withoutPictures, attachments } = message;
  switch (part) {
    case 'subject':
      return subject;
    case 'text':
      return text;
    case 'html':
      return html ?? text;
    case 'no-pictures':
      return withoutPictures ?? text;
    case 'json':
      return JSON.stringify({ subject, text, html: html ?? null, attachments: attachments.map(described) }, null, 2);
    default:
      throw new InvalidArgumentError(String(part satisfies never));
  }
}

const described = ({ filename, contentType, content }: AttachedFile) => ({
  filename,
  contentType,
  bytes: content.byteLength,
});
