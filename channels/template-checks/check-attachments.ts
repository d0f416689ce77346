import { ATTACHABLE, contentTypeOf, isWhatItSays, type AttachedFile } from '../attached-file.ts';
import { error, warning, type Finding } from './finding.ts';

const MB = 1_024 * 1_024;
const LARGEST_FILE = 5 * MB;
const MOST_FILES = 10;
// The least that common mail servers take is 10 MB for the mail as it travels (Postmark, SES by default).
const LARGEST_MAIL = 10 * MB;
const HEAVY_MAIL = 2 * MB;
// No folder, nothing that a disk refuses, nothing that turns the name around before the reader's eyes.
const FORBIDDEN_IN_NAME = /[/\\:*?"<>|\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;

/**
 * What is wrong with the files of a mail.
 *
 * @param words bytes of the mail without them
 */
export function checkAttachments(files: readonly AttachedFile[], words: number): Finding[] {
  const findings = files.flatMap(checkFile);
  if (files.length > MOST_FILES) {
    findings.push(
      problem('too_many_attachments', `A mail brings at most ${MOST_FILES} files; these are ${files.length}.`),
    );
  }
  const names = files.map(({ filename }) => filename.toLowerCase());
  const twice = files.find((file, index) => names.indexOf(file.filename.toLowerCase()) !== index);
  if (twice !== undefined) {
    findings.push(problem('attachment_twice', `Two files are called "${twice.filename}". Give one another name.`));
  }
  const size = words + files.reduce((total, { content }) => total + asItTravels(content.byteLength), 0);
  const shown = `With its files the mail is ${(size / MB).toFixed(1)} MB`;
  if (size > LARGEST_MAIL) {
    findings.push(
      problem(
        'attachments_too_large',
        `${shown}; many mail servers refuse more than 10 MB. Link to the files instead.`,
      ),
    );
  } else if (size > HEAVY_MAIL) {
    findings.push(
      warning(
        'attachments_heavy',
        'attachments',
        `${shown}, for every couple. A link would arrive sooner and more surely.`,
      ),
    );
  }
  return findings;
}

function checkFile({ filename, content }: AttachedFile): Finding[] {
  if (FORBIDDEN_IN_NAME.test(filename) || filename.length > 120) {
    return [
      problem('attachment_name', `"${filename}" cannot be the name of a file in a mail: plain letters, at most 120.`),
    ];
  }
  if (contentTypeOf(filename) === null) {
    return [
      problem(
        'attachment_type',
        `"${filename}" is of a kind that mail programs block or that could do harm. Possible: ${ATTACHABLE.join(', ')}.`,
      ),
    ];
  }
  if (content.byteLength === 0) return [problem('attachment_empty', `"${filename}" is empty.`)];
  if (content.byteLength > LARGEST_FILE) {
    const size = (content.byteLength / MB).toFixed(1);
    return [problem('attachment_too_large', `"${filename}" is ${size} MB; 5 MB are possible. Link to it instead.`)];
  }
  if (!isWhatItSays({ filename, content })) {
    return [
      problem(
        'attachment_not_what_it_says',
        `"${filename}" is not what its ending says. Save it again, or correct its name.`,
      ),
    ];
  }
  return [];
}

/** Base64 in lines of 76 characters (RFC 2045 6.8). */
function asItTravels(bytes: number): number {
  const characters = 4 * Math.ceil(bytes / 3);
  return characters + 2 * Math.ceil(characters / 76);
}

function problem(code: string, message: string): Finding {
  return error(code, 'attachments', message);
}
