// Files that somebody sends to break or to block us, as YAML. The tests check that each is refused, the bench how fast.

const keys = (count: number): string => Array.from({ length: count }, (_, index) => `key${index}: *a`).join('\n');

/** By name. */
export const HOSTILE_FILES: readonly (readonly [string, string])[] = [
  ['ten thousand steps', `steps:\n${'  - { key: s, type: email, template: x }\n'.repeat(10_000)}`],
  ['brackets without end', '['.repeat(200_000)],
  ['braces without end', '{a: '.repeat(50_000)],
  ['dashes without end', '- '.repeat(100_000)],
  ['questions without end', '? '.repeat(100_000)],
  ['sixty thousand aliases', `a: &a [x]\n${keys(60_000)}`],
  [
    'a billion laughs',
    `a: &a [x,x,x,x,x,x,x,x,x]\n${'bcdefghijk'
      .split('')
      .map((key, index) => `${key}: &${key} [${`*${'abcdefghij'[index]},`.repeat(9)}x]`)
      .join('\n')}`,
  ],
  ['a text of a megabyte', `a: "${'x'.repeat(990_000)}"`],
  ['two megabytes', 'a: b\n'.repeat(400_000)],
  [
    'a thousand levels by indentation',
    Array.from({ length: 1_300 }, (_, level) => `${' '.repeat(level)}a:`).join('\n'),
  ],
  ['ten thousand steps as JSON', JSON.stringify({ steps: Array.from({ length: 10_000 }, () => ({ type: 'x' })) })],
  ['binary', '\u0000\u0001\uFFFD'.repeat(1_000)],
];
