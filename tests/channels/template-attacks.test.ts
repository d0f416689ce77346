import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTemplateRenderer, type TemplateRenderer } from '../../channels/template-renderer.ts';
import type { RenderableTemplate } from '../../channels/templates.ts';
import { DOUBLING, HOSTILE_TEMPLATES } from './support/hostile-templates.ts';

let renderer: TemplateRenderer;
beforeAll(() => {
  renderer = createTemplateRenderer();
});
afterAll(() => renderer.close());

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

async function attempt(template: RenderableTemplate): Promise<{ ok: boolean; shown: string }> {
  const result = await renderer.render(template, { client: { coupleName: 'Niamh & Oluwaseun' }, secret: undefined });
  return { ok: result.ok, shown: result.ok ? `${result.text}${result.html ?? ''}` : '' };
}

describe('a template that means harm', () => {
  it.each(HOSTILE_TEMPLATES)('%s ends, is refused, and the process lives on', async (_what, body) => {
    const result = await renderer.render({ channel: 'email', subject: 'x', body }, {});
    expect(result).toMatchObject({ ok: false, code: 'too_expensive' });
    const after = await renderer.render(
      { channel: 'sms', body: 'still {{ client.coupleName }}' },
      { client: { coupleName: 'here' } },
    );
    expect(after).toMatchObject({ ok: true, text: 'still here' });
  });

  it.each([
    ['a part that contains itself', '{% render "self" %}'],
    ['a table of rows', '{% tablerow a in (1..1000000) cols: 2 %}{{ a }}{% endtablerow %}'],
  ])('%s is no template', async (_what, body) => {
    const partials = { self: '{% render "self" %}{% render "self" %}' };
    const result = await renderer.render({ channel: 'email', subject: 'x', body, partials }, {});
    expect(result).toMatchObject({ ok: false, code: 'template_invalid' });
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
    for (let i = 0; i < 3; i += 1) results.push(await impatient.render({ channel: 'sms', body: DOUBLING }, {}));
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
