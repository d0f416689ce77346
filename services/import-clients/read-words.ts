import { errorIn, nothing, plain, refused, warningIn, type Finding, type ImportField, type Read } from './findings.ts';

const LONGEST = 200;
const WORDS: Readonly<Partial<Record<ImportField, string>>> = {
  partner_1_name: 'name',
  partner_2_name: 'name',
  venue: 'venue',
  tags: 'tag',
  external_id: 'external id',
};

/**
 * A name, venue or other free text.
 *
 * Text that a spreadsheet would run as a formula is refused: sooner or later the list is exported and opened in one.
 */
export function readWords(text: string, field: ImportField): Read<string> {
  if (text === '') return nothing;
  const word = WORDS[field] ?? field;
  if (/^[=+@-]/.test(text)) {
    return refused(
      errorIn(
        field,
        'formula',
        `the ${word} begins with ${text.charAt(0)} and would be run as a formula when the list is opened in a spreadsheet; not imported`,
      ),
    );
  }
  if (/\p{Cc}/u.test(text)) {
    return refused(
      errorIn(field, 'control_character', `the ${word} holds a line break or another invisible sign; remove it`),
    );
  }
  if (text.length > LONGEST) {
    const advice = field === 'venue' ? 'this looks like directions, put them into a note' : 'shorten it';
    return refused(errorIn(field, 'too_long', `the ${word} has more than ${LONGEST} characters; ${advice}`));
  }
  return plain(text);
}

/** What is odd about the two names of a couple, and is kept. */
export function oddNames(names: readonly string[]): Finding[] {
  const findings: Finding[] = [];
  const repaired = names.map(undoLatin1);
  if (repaired.some((name) => name !== null)) {
    const meant = repaired.flatMap((name) => (name === null ? [] : [name.split(' ')[0] ?? name]));
    const subject = meant.length > 1 ? 'the names look' : 'the name looks';
    findings.push(
      warningIn(
        'partner_1_name',
        'mojibake',
        `${subject} like UTF-8 read as Latin-1 (${meant.join(', ')}); save the file as UTF-8 and import it again`,
      ),
    );
  }
  if (names.some((name) => /\p{Emoji_Presentation}|\ufe0f/u.test(name))) {
    findings.push(
      warningIn(
        'partner_1_name',
        'pictures',
        'the name holds pictures; it is kept, but every text message to this couple will be longer and dearer',
      ),
    );
  }
  return findings;
}

/** The text that became this one by reading its UTF-8 as Windows-1252; null: it was not. */
function undoLatin1(text: string): string | null {
  if (!/[\u0080-\u00ff]/.test(text)) return null;
  const bytes: number[] = [];
  for (const sign of text) {
    const byte = WINDOWS_1252.get(sign) ?? sign.codePointAt(0) ?? 256;
    if (byte > 255) return null;
    bytes.push(byte);
  }
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(Uint8Array.from(bytes));
  } catch {
    return null;
  }
}

/** Bytes 0x80 to 0x9f, in which Windows-1252 differs from Latin-1. */
const WINDOWS_1252 = new Map(
  Array.from({ length: 32 }, (_, index) => {
    const byte = 0x80 + index;
    return [new TextDecoder('windows-1252').decode(Uint8Array.of(byte)), byte] as const;
  }),
);

/** Labels separated by bars. */
export function readTags(text: string): Read<string[]> {
  if (text === '') return nothing;
  const tags = [...new Set(text.split('|').map((tag) => tag.trim()))].filter((tag) => tag !== '');
  const findings = tags.flatMap((tag) => readWords(tag, 'tags').findings);
  if (tags.length > 100) findings.push(errorIn('tags', 'too_many', 'a couple has at most 100 tags'));
  return findings.length > 0 ? { value: undefined, findings } : plain(tags);
}
