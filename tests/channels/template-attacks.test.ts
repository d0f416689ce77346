import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTemplateRenderer, type TemplateRenderer } from '../../channels/template-renderer.ts';
import type { RenderableTemplate } from '../../channels/templates.ts';

let renderer: TemplateRenderer;
beforeAll(async () => {
  renderer = createTemplateRenderer({ limitMs: LIMIT_MS });
  await renderer.render({ channel: 'sms', body: 'warm' }, {});
});
afterAll(() => renderer.close());

const LIMIT_MS = 250;
// Ending a thread, and the collection of its garbage by threads of its own.
const ENDING_A_THREAD_MS = 350;
const nested = (times: number, open: string, close: string): string => open.repeat(times) + close.repeat(times);
const doubling = '{% assign a = "0123456789" %}' + '{% assign a = a | append: a %}'.repeat(40) + '{{ a | size }}';
const ATTACKS: [what: string, body: string][] = [
  [
    'three nested loops',
    '{% for a in (1..9999) %}{% for b in (1..9999) %}{% for c in (1..9999) %}x{% endfor %}{% endfor %}{% endfor %}',
  ],
  ['a range of a thousand million', '{% for a in (1..1000000000) %}x{% endfor %}'],
  ['a range that is only assigned', '{% assign a = (1..1000000000) %}{{ a | join: "," }}'],
  ['a text that doubles forty times', doubling],
  [
    'a text that grows by replacing',
    '{% assign a = "aaaaaaaaaa" %}' + '{% assign a = a | replace: "a", "aaaaaaaaaa" %}'.repeat(12) + '{{ a }}',
  ],
  ['a date padded to a thousand million places', '{{ "2027-06-12" | date: "%1000000000d" }}'],
  ['a table of rows', '{% tablerow a in (1..1000000) cols: 2 %}{{ a }}{% endtablerow %}'],
  [
    'splitting and joining',
    '{% assign a = "a,b" %}{% for i in (1..100000) %}{% assign a = a | split: "," | join: ",," %}{% endfor %}',
  ],
  ['nine thousand nested conditions', nested(9_000, '{% if true %}', '{% endif %}')],
  ['fifty thousand nested loops', nested(50_000, '{% for a in (1..2) %}', '{% endfor %}')],
  ['a source longer than allowed', 'x'.repeat(200_001)],
  ['a part that contains itself', '{% render "self" %}'],
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
const OUTSIDE: [what: string, body: string][] = [
  ['the constructor of a text', '{{ "".constructor }}'],
  ['the constructor of a couple', '{{ client.constructor.name }}'],
  ['the prototype', '{{ client.__proto__.polluted }}'],
  ['a method', '{{ client.toString }}'],
  ['the process', '{{ process.env.PATH }}{{ globalThis }}{{ require }}'],
  ['a file included', '{% include "/etc/passwd" %}'],
  ['a file rendered', '{% render "/etc/passwd" %}'],
  ['a file beside the program', '{% render "package.json" %}'],
  ['a layout', '{% layout "../package.json" %}'],
  ['a liquid tag', '{% liquid\ninclude "package.json" %}'],
  ['escaping switched off', '{{ client.coupleName | raw }}'],
  ['JSON of everything', '{{ client | json }}{{ client | inspect }}'],
];

async function attempt(template: RenderableTemplate): Promise<{ ok: boolean; shown: string; ms: number }> {
  const begun = process.cpuUsage();
  const result = await renderer.render(template, { client: { coupleName: 'Niamh & Oluwaseun' }, secret: undefined });
  const { user, system } = process.cpuUsage(begun);
  const ms = (user + system) / 1_000;
  return { ok: result.ok, shown: result.ok ? `${result.text}${result.html ?? ''}` : '', ms };
}

describe('a template that means harm', () => {
  it.each(ATTACKS)('%s ends in time and the process lives on', async (_what, body) => {
    const partials = { self: '{% render "self" %}{% render "self" %}' };
    const { ok, shown, ms } = await attempt({ channel: 'email', subject: 'x', body, partials });
    // Harmless after all is fine (a loop within its limit); large is not.
    expect(!ok || shown.length < 1_000_000).toBe(true);
    // In processor time, which is what the template costs: by the clock it depends on what else the machine does.
    expect(ms).toBeLessThan(LIMIT_MS + ENDING_A_THREAD_MS);
    const after = await renderer.render(
      { channel: 'sms', body: 'still {{ client.coupleName }}' },
      { client: { coupleName: 'here' } },
    );
    expect(after).toMatchObject({ ok: true, text: 'still here' });
  });

  it.each(OUTSIDE)('cannot read %s', async (_what, body) => {
    const { shown } = await attempt({ channel: 'email', subject: 'x', body });
    expect(shown).not.toMatch(/root:|wedsync-journeys|function|\/usr|native code|Object\b|coupleName/);
    const { ok } = await attempt({ channel: 'sms', body });
    expect(ok).toBe(false);
  });

  it('is ended from outside where Liquid’s own limits are blind', async () => {
    // No node ends in between, so the library looks at no clock; only the thread’s end stops it.
    const impatient = createTemplateRenderer({ limitMs: 1 });
    const results = [];
    for (let i = 0; i < 3; i += 1) results.push(await impatient.render({ channel: 'sms', body: doubling }, {}));
    await impatient.close();
    expect(results.map((result) => result.ok)).toEqual([false, false, false]);
  });
});

describe('the renderer', () => {
  it('keeps many renders apart', async () => {
    const names = Array.from({ length: 50 }, (_, index) => `couple ${index}`);
    const texts = await Promise.all(
      names.map(async (coupleName) => {
        const result = await renderer.render(
          { channel: 'sms', body: '{{ client.coupleName }}' },
          { client: { coupleName } },
        );
        return result.ok ? result.text : result.detail;
      }),
    );
    expect(texts).toEqual(names);
  });

  it('gives a part the same values as the message, and names what it misses', async () => {
    const partials = { signature: 'Warmly, {{ organization.senderName }}' };
    const template: RenderableTemplate = { channel: 'sms', body: "Hello! {% render 'signature' %}", partials };
    expect(await renderer.render(template, { organization: { senderName: 'Ros' } })).toMatchObject({
      text: 'Hello! Warmly, Ros',
    });
    expect(await renderer.render(template, {})).toMatchObject({ ok: false, missing: ['organization.senderName'] });
  });
});
