import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { contentTypeOf, type AttachedFile } from '../../channels/attached-file.ts';
import { checkTemplate, type CheckOptions, type TemplateCheck } from '../../channels/check-template.ts';
import { partsFor, type TemplatePart } from '../../channels/template-parts.ts';
import { parseTemplateFile, type TemplateProblem, type TemplateSource } from '../../channels/template-file.ts';
import { createTemplateRenderer } from '../../channels/template-renderer.ts';
import { OperatorError } from '../operator-error.ts';

export type CheckedFile = {
  file: string;
  /** The name by which steps call it: the file's, without language and ending. */
  name: string;
  /** Absent where the file is no template at all. */
  source: TemplateSource | undefined;
  check: TemplateCheck;
  /** The parts that it may put in, compiled. */
  parts: Readonly<Record<string, string>>;
  /** The files that it brings along. */
  attachments: readonly AttachedFile[];
};

const ENDING = /(?:\.([a-z]{2,3}(?:-[A-Za-z0-9]+)*))?\.(?:mjml|liquid)$/;

/** The template files of these paths; a folder stands for all in it. Throws `OperatorError` where there is none. */
export async function templateFiles(paths: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for (const path of paths) {
    const found = await stat(path).catch(() => null);
    if (found === null) throw new OperatorError(`${path}: there is no such file or folder.`);
    if (found.isDirectory()) files.push(...(await filesIn(path)));
    else files.push(path);
  }
  if (files.length === 0) throw new OperatorError(`${paths.join(', ')}: there is no template here (.mjml, .liquid).`);
  return files;
}

async function filesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder);
  return names
    .filter((name) => ENDING.test(name))
    .sort()
    .map((name) => join(folder, name));
}

/**
 * Reads and checks template files. The parts (header, footer, signature) that they may put in are those among them,
 * those beside them in the same folder, and those given.
 *
 * @throws OperatorError for a file that cannot be read
 */
export async function checkFiles(
  files: readonly string[],
  options: { purpose?: CheckOptions['purpose']; parts?: readonly TemplatePart[] } = {},
): Promise<CheckedFile[]> {
  const { purpose, parts: given = [] } = options;
  const renderer = createTemplateRenderer();
  try {
    const read = await Promise.all(files.map(readTemplate));
    const beside = await partsBeside(files);
    const parts = new Map<string, CheckedFile>();
    for (const template of [...beside, ...read]) {
      if (template.parsed.ok && template.parsed.template.kind === 'part') {
        parts.set(template.file, await checkOne(template, { renderer }));
      }
    }
    // The later of two with the same name counts: what is in the files replaces what is in use.
    const known = [...given, ...[...parts.values()].flatMap(asPart)];
    const checked: CheckedFile[] = [];
    for (const template of read) {
      const locale = template.parsed.ok ? template.parsed.template.locale : undefined;
      const channel = template.parsed.ok ? template.parsed.template.channel : 'email';
      const partials = partsFor(known, channel, locale);
      checked.push(
        parts.get(template.file) ??
          (await checkOne(template, { renderer, partials, ...(purpose === undefined ? {} : { purpose }) })),
      );
    }
    return checked;
  } finally {
    await renderer.close();
  }
}

interface ReadFile {
  readonly file: string;
  readonly name: string;
  readonly parsed: { ok: true; template: TemplateSource } | { ok: false; problems: TemplateProblem[] };
  readonly attachments: readonly AttachedFile[];
}

async function readTemplate(file: string): Promise<ReadFile> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new OperatorError(
      `${file} cannot be read: ${error.code === 'ENOENT' ? 'there is no such file' : error.message}.`,
    );
  });
  const name = basename(file).replace(ENDING, '');
  const locale = ENDING.exec(basename(file))?.[1];
  const parsed = parseTemplateFile(text);
  if (!parsed.ok) return { file, name, parsed, attachments: [] };
  if (locale !== undefined) parsed.template.locale ??= locale;
  const attached = await readAttachments(dirname(file), parsed.template.attachments ?? []);
  return { file, name, parsed: attached.problems.length > 0 ? { ok: false, ...attached } : parsed, ...attached };
}

/** The files beside a template that its mails bring along. */
async function readAttachments(
  folder: string,
  paths: readonly string[],
): Promise<{ attachments: AttachedFile[]; problems: TemplateProblem[] }> {
  const attachments: AttachedFile[] = [];
  const problems: TemplateProblem[] = [];
  for (const path of paths) {
    const filename = basename(path);
    try {
      // The kind is judged with the rest; what has none is refused there.
      const contentType = contentTypeOf(filename) ?? 'application/octet-stream';
      attachments.push({ filename, contentType, content: await readFile(join(folder, path)) });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const why =
        code === 'ENOENT' ? `there is no such file in ${folder}` : code === 'EISDIR' ? 'it is a folder' : message;
      problems.push({ code: 'attachment_missing', path: 'attachments', message: `"${path}" cannot be read: ${why}.` });
    }
  }
  return { attachments, problems };
}

/** The parts in the folders of these files. A file that cannot be read there is not the caller's affair. */
async function partsBeside(files: readonly string[]): Promise<ReadFile[]> {
  const folders = [...new Set(files.map((file) => dirname(file)))];
  const found = await Promise.all(folders.map((folder) => filesIn(folder).catch(() => [])));
  const others = found.flat().filter((file) => !files.includes(file));
  const read = await Promise.all(others.map((file) => readTemplate(file).catch(() => null)));
  return read.filter((file) => file !== null);
}

async function checkOne({ file, name, parsed, attachments }: ReadFile, options: CheckOptions): Promise<CheckedFile> {
  const parts = options.partials ?? {};
  if (parsed.ok) {
    const check = await checkTemplate(parsed.template, { ...options, attachments });
    return { file, name, source: parsed.template, check, parts, attachments };
  }
  const findings = parsed.problems.map((problem) => ({ severity: 'error' as const, ...problem }));
  return { file, name, source: undefined, check: { ok: false, findings, variables: [] }, parts, attachments };
}

function asPart({ name, check }: CheckedFile): TemplatePart[] {
  const { compiled } = check;
  if (compiled === undefined) return [];
  return [{ name, channel: compiled.channel, locale: compiled.locale ?? 'en-GB', body: compiled.body }];
}
