import { createColors } from 'picocolors';

export type Colours = ReturnType<typeof createColors>;

/** Colours for a stream: only where it is a terminal that has them and NO_COLOR is not set (no-color.org). */
export function coloursFor(stream: { isTTY?: boolean }, env: NodeJS.ProcessEnv): Colours {
  return createColors(stream.isTTY === true && !env['NO_COLOR'] && env['TERM'] !== 'dumb');
}
