import { describe, expect, it } from 'vitest';
import { coloursFor } from '../../cli/output/colours.ts';
import { printable } from '../../cli/output/printable.ts';
import { table } from '../../cli/output/table.ts';

describe('coloursFor', () => {
  it.each([
    ['a terminal', true, {}, true],
    ['a pipe', false, {}, false],
    ['a terminal where NO_COLOR is set', true, { NO_COLOR: '1' }, false],
    ['a terminal where NO_COLOR is empty, which is not set', true, { NO_COLOR: '' }, true],
    ['a dumb terminal', true, { TERM: 'dumb' }, false],
    ['a pipe of a build server', false, { CI: 'true' }, false],
  ])('%s', (_, isTTY, env, coloured) => {
    expect(coloursFor({ isTTY }, env).isColorSupported).toBe(coloured);
  });
});

describe('table', () => {
  it('aligns columns, whatever is painted and however letters are composed', () => {
    const red = (text: string): string => `\u001B[31m${text}\u001B[39m`;
    const text = table(
      ['A', 'B'],
      [
        [{ text: 'Zoe\u0308', paint: red }, { text: 'x' }],
        [{ text: 'four' }, { text: 'y' }],
      ],
      null,
    );
    expect(text.replaceAll('\u001B[31m', '').replaceAll('\u001B[39m', '')).toBe('A     B\nZoe\u0308   x\nfour  y');
  });

  it('wraps the last column at the width of the terminal, under itself', () => {
    const text = table(['A', 'Why'], [[{ text: 'one' }, { text: 'because it is so and not otherwise at all' }]], 30);
    expect(text).toBe('A    Why\none  because it is so and not\n     otherwise at all');
  });

  it('prints one line a row where there is no terminal', () => {
    expect(table(['A'], [[{ text: 'long '.repeat(100).trim() }]], null).split('\n')).toHaveLength(2);
  });
});

describe('printable', () => {
  it('shows control characters and turns of direction as what they are not', () => {
    expect(printable('a\u001B[2Jb\u0000c\u202Ed\u2066e\nf')).toBe('a?[2Jb?c?d?e?f');
    expect(printable('Zoë & Siân 👰 你好')).toBe('Zoë & Siân 👰 你好');
  });
});
