const nested = (times: number, open: string, close: string): string => open.repeat(times) + close.repeat(times);
/** No node of it ends in between, so that Liquid looks at no clock. */
export const DOUBLING =
  '{% assign a = "0123456789" %}' + '{% assign a = a | append: a %}'.repeat(40) + '{{ a | size }}';

/** Templates that want all the time or memory there is. */
export const HOSTILE_TEMPLATES: readonly [what: string, body: string][] = [
  [
    'three nested loops',
    '{% for a in (1..9999) %}{% for b in (1..9999) %}{% for c in (1..9999) %}x{% endfor %}{% endfor %}{% endfor %}',
  ],
  ['a range of a thousand million', '{% for a in (1..1000000000) %}x{% endfor %}'],
  ['a range that is only assigned', '{% assign a = (1..1000000000) %}{{ a | join: "," }}'],
  ['a text that doubles forty times', DOUBLING],
  [
    'a text that grows by replacing',
    '{% assign a = "aaaaaaaaaa" %}' + '{% assign a = a | replace: "a", "aaaaaaaaaa" %}'.repeat(12) + '{{ a }}',
  ],
  ['a date padded to a thousand million places', '{{ "2027-06-12" | date: "%1000000000d" }}'],
  [
    'splitting and joining',
    '{% assign a = "a,b" %}{% for i in (1..100000) %}{% assign a = a | split: "," | join: ",," %}{% endfor %}',
  ],
  ['nine thousand nested conditions', nested(9_000, '{% if true %}', '{% endif %}')],
  ['fifty thousand nested loops', nested(50_000, '{% for a in (1..2) %}', '{% endfor %}')],
  ['a source longer than allowed', 'x'.repeat(200_001)],
  ['captures in captures', nested(3_000, '{% capture a %}{{ a }}{{ a }}', '{% endcapture %}')],
  [
    'an array that doubles',
    '{% assign a = "x,y" | split: "," %}' + '{% assign a = a | concat: a %}'.repeat(35) + '{{ a | size }}',
  ],
  [
    'slow number text',
    '{{ "9" | times: 999999999999999999999999999999 | times: 1e308 }}{% for i in (1..99999999) %}{% endfor %}',
  ],
];
