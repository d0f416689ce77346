import { StringDecoder } from 'node:string_decoder';

/** One line of a stream, or the news that it was longer than is read. */
export type Line =
  | { readonly number: number; readonly text: string }
  | { readonly number: number; readonly tooLong: true };

/**
 * The lines of a stream, one after the other, in constant memory: a line of more than `maxLength` characters is passed
 * over to its end and told as too long. Empty lines are left out, and counted.
 */
export async function* readLines(stream: AsyncIterable<Buffer>, maxLength: number): AsyncGenerator<Line> {
  const decoder = new StringDecoder('utf8');
  let number = 1;
  let rest = '';
  let overflowing = false;
  const line = (text: string): Line | null => {
    if (overflowing || text.length > maxLength) return { number, tooLong: true };
    return text.trim() === '' ? null : { number, text };
  };
  for await (const chunk of stream) {
    const text = decoder.write(chunk);
    let from = 0;
    for (let end = text.indexOf('\n'); end !== -1; end = text.indexOf('\n', from)) {
      const found = line(rest + text.slice(from, end));
      if (found) yield found;
      number += 1;
      rest = '';
      overflowing = false;
      from = end + 1;
    }
    rest += text.slice(from);
    if (rest.length > maxLength) {
      overflowing = true;
      rest = '';
    }
  }
  const last = rest + decoder.end();
  const found = overflowing || last !== '' ? line(last) : null;
  if (found) yield found;
}
