import type { Readable } from 'node:stream';

/** What is read of an answer at most; the connection is cut behind it. */
export const LARGEST_ANSWER = 64 * 1024;

/** Reads a body up to the cap. An error or the deadline in the middle leaves what had come by then. */
export async function readCapped(
  body: Readable,
  cap: number = LARGEST_ANSWER,
): Promise<{ bytes: Buffer; complete: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  let complete = true;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      chunks.push(chunk.subarray(0, cap - size));
      size += chunk.length;
      if (size > cap) {
        complete = false;
        break;
      }
    }
  } catch {
    complete = false;
  }
  return { bytes: Buffer.concat(chunks), complete };
}
