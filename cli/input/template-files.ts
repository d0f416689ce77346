import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { checkTemplate, type CheckOptions, type TemplateCheck } from '../../channels/check-template.ts';
import { parseTemplateFile, type TemplateSource } from '../../channels/template-file.ts';
import { createTemplateRenderer } from '../../channels/template-renderer.ts';
import { OperatorError } from '../operator-error.ts';

export type CheckedFile = {
  file: string;
  /** The name by which steps call it: the file's, without language and ending. */
  name: string;
  /** Absent where the file is no template at all. */
  source: TemplateSource | undefined;
  check: TemplateCheck;
};

const ENDING = /(?:\.[a-z]{2,3}(?:-[A-Za-z0-9]+)*)?\.(?:mjml|liquid)$/;

/** The template files of these paths; a folder stands for all in it. Throws `OperatorError` where there is none. */
export async function templateFiles(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    const found = await stat(path).catch(() => null);
    if (found === null) throw new OperatorError(`${path}: there is no such file or folder.`);
    if (!found.isDirectory()) files.push(path);
    else
      files.push(
        ...(await readdir(path))
          .filter((name) => ENDING.test(name))
          .sort()
          .map((name) => join(path, name)),
      );
  }
  if (files.length === 0) throw new OperatorError(`${paths.join(', ')}: there is no template here (.mjml, .liquid).`);
  return files;
}

/** Reads and checks template files. Throws `OperatorError` for one that cannot be read. */
export async function checkFiles(files: readonly string[], purpose: CheckOptions['purpose']): Promise<CheckedFile[]> {
  const renderer = createTemplateRenderer();
  try {
    const checked: CheckedFile[] = [];
    for (const file of files)
      checked.push(await checkFile(file, { renderer, ...(purpose === undefined ? {} : { purpose }) }));
    return checked;
  } finally {
    await renderer.close();
  }
}

async function checkFile(file: string, options: CheckOptions): Promise<CheckedFile> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new OperatorError(
      `${file} cannot be read: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}.`,
    );
  });
  const name = basename(file).replace(ENDING, '');
  const parsed = parseTemplateFile(text);
  if (parsed.ok) return { file, name, source: parsed.template, check: await checkTemplate(parsed.template, options) };
  const findings = parsed.problems.map((problem) => ({ severity: 'error' as const, ...problem }));
  return { file, name, source: undefined, check: { ok: false, findings, variables: [] } };
}
