/** A file that a mail brings along. */
export interface AttachedFile {
  readonly filename: string;
  /** Media type, such as application/pdf. */
  readonly contentType: string;
  readonly content: Uint8Array<ArrayBuffer>;
}

interface FileType {
  readonly contentType: string;
  /** How such a file begins, one of these; empty: any text. */
  readonly begins: readonly string[];
}

// What Office and LibreOffice write is a ZIP archive (APPNOTE 4.3.7); those with macros have other endings.
const archive = (contentType: string): FileType => ({ contentType, begins: ['PK\u0003\u0004'] });
const office = (kind: string): FileType => archive(`application/vnd.openxmlformats-officedocument.${kind}`);
const text = (contentType: string): FileType => ({ contentType, begins: [] });
const jpeg: FileType = { contentType: 'image/jpeg', begins: ['\u00FF\u00D8\u00FF'] };

/** By the ending of their name; nothing that a mail program could run or that could hold a script. */
const FILE_TYPES: Readonly<Record<string, FileType>> = {
  pdf: { contentType: 'application/pdf', begins: ['%PDF-'] },
  png: { contentType: 'image/png', begins: ['\u0089PNG\r\n\u001A\n'] },
  jpg: jpeg,
  jpeg,
  gif: { contentType: 'image/gif', begins: ['GIF87a', 'GIF89a'] },
  webp: { contentType: 'image/webp', begins: ['RIFF'] },
  docx: office('wordprocessingml.document'),
  xlsx: office('spreadsheetml.sheet'),
  pptx: office('presentationml.presentation'),
  odt: archive('application/vnd.oasis.opendocument.text'),
  ods: archive('application/vnd.oasis.opendocument.spreadsheet'),
  txt: text('text/plain'),
  csv: text('text/csv'),
  ics: { contentType: 'text/calendar', begins: ['BEGIN:VCALENDAR'] },
  vcf: { contentType: 'text/vcard', begins: ['BEGIN:VCARD'] },
};

export const ATTACHABLE = Object.keys(FILE_TYPES);

/** The media type that the ending of a name stands for; null where such a file cannot be sent. */
export function contentTypeOf(filename: string): string | null {
  return typeOf(filename)?.contentType ?? null;
}

/** Whether a file is what the ending of its name says. */
export function isWhatItSays({ filename, content }: Pick<AttachedFile, 'filename' | 'content'>): boolean {
  const type = typeOf(filename);
  if (type === undefined) return false;
  const start = Buffer.from(content.subarray(0, 16))
    .toString('latin1')
    .replace(/^\u00EF\u00BB\u00BF/, '');
  if (type.begins.length === 0) return !content.includes(0);
  return type.begins.some((begin) => start.startsWith(begin));
}

function typeOf(filename: string): FileType | undefined {
  const ending = /\.([a-z0-9]+)$/i.exec(filename)?.[1]?.toLowerCase() ?? '';
  return Object.hasOwn(FILE_TYPES, ending) ? FILE_TYPES[ending] : undefined;
}
