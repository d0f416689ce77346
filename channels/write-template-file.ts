import { stringify } from 'yaml';
import type { TemplateSource } from './template-file.ts';

/** A template as a file again: what `parseTemplateFile` reads back to the same. */
export function writeTemplateFile({ body, ...frontMatter }: TemplateSource): string {
  return `---\n${stringify(frontMatter, { lineWidth: 0 })}---\n${body}`;
}
