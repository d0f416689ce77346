import { once } from 'node:events';
import type { Writable } from 'node:stream';

/** Writes with backpressure: resolves when the stream can take more. */
export async function writeOut(stream: Writable, text: string): Promise<void> {
  if (!stream.write(text)) await once(stream, 'drain');
}
