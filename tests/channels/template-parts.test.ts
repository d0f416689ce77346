import { afterAll, describe, expect, it } from 'vitest';

import { checkTemplate } from '../../channels/check-template.ts';
import { compileTemplate } from '../../channels/compile-template.ts';
import { parseTemplateFile, type TemplateSource } from '../../channels/template-file.ts';
import { partsFor } from '../../channels/template-parts.ts';
import { createTemplateRenderer } from '../../channels/template-renderer.ts';
import { sampleVariables } from '../../channels/variable-catalogue.ts';
import { withoutPictures } from '../../channels/without-pictures.ts';

const renderer = createTemplateRenderer();
afterAll(() => renderer.close());

const part = (body: string, channel: TemplateSource['channel'] = 'email'): TemplateSource => ({
  name: 'A part',
  kind: 'part',
  channel,
  body,
});
const SECTION =
  '<mj-section><mj-column><mj-text font-size="16px">{{ organization.name }}, <a href="{{ links.preferences }}">choose</a></mj-text></mj-column></mj-section>';
const SIGNATURE = 'Warmly, {{ organization.senderName }}';
const MAIL: TemplateSource = {
  name: 'A mail',
  channel: 'email',
  subject: 'Hello',
  body: `<mjml lang="en-GB"><mj-body><mj-section><mj-column><mj-text font-size="16px"><h1>Hello</h1>{% render 'signature' %}</mj-text></mj-column></mj-section><mj-raw>{% render 'footer' %}</mj-raw></mj-body></mjml>`,
};

async function compiledPart(body: string): Promise<string> {
  const compiled = await compileTemplate(part(body));
  if (!compiled.ok) throw new Error(JSON.stringify(compiled.problems));
  return compiled.template.body;
}

describe('a part of a mail', () => {
  it('stands in the mail where it is put: sections between sections, words between words', async () => {
    const partials = { signature: await compiledPart(SIGNATURE), footer: await compiledPart(SECTION) };
    const check = await checkTemplate(MAIL, { renderer, partials });
    expect(check.findings).toEqual([]);
    expect(check.variables).toEqual(['organization.senderName', 'organization.name', 'links.preferences']);
    expect(check.sample?.text.replaceAll(/\s+/g, ' ')).toBe(
      'Hello Warmly, Rosalind Alder and Finch, choose (https://go.example.com/c3Lm8)',
    );
    expect(check.sample?.html?.match(/<body/g)).toHaveLength(1);
  });

  it('is no mail of its own: neither the head nor the body of one is left around it', async () => {
    const body = await compiledPart(SECTION);
    expect(body).toContain('{{ organization.name }}');
    expect(body).not.toMatch(/<(?:html|head|body)/i);
    expect(await compiledPart(`<mjml><mj-body>${SECTION}</mj-body></mjml>`)).toBe(body);
  });

  it('shows a hostile name as a name', async () => {
    const coupleName = '<script>alert(1)</script>';
    const partials = { signature: '{{ client.coupleName }}' };
    const values = { ...sampleVariables(), client: { coupleName } };
    const rendered = await renderer.render(
      { channel: 'email', subject: 'x', body: "<p>{% render 'signature' %}</p>", partials },
      values,
    );
    expect(rendered.ok && rendered.html).toBe('<p>&lt;script&gt;alert(1)&lt;/script&gt;</p>');
  });

  it.each([
    ['that puts in another one', part("{% render 'footer' %}"), 'part_in_part'],
    ['with a variable that does not exist', part('{{ organization.fax }}'), 'unknown_variable'],
    ['with a script', part('<script>alert(1)</script>'), 'forbidden_tag'],
    ['with a layout that is not closed', part('<mj-section><mj-column>'), 'tag_not_closed'],
    ['with small text', part('<p style="font-size:9px">small</p>'), 'text_too_small'],
  ])('%s cannot be published', async (_what, source, code) => {
    const partials = { footer: 'x' };
    expect((await checkTemplate(source, { renderer, partials })).findings).toContainEqual(
      expect.objectContaining({ code, severity: 'error' }),
    );
  });

  it('needs neither heading nor subject, and may not have one', () => {
    expect(parseTemplateFile('---\nname: x\nkind: part\nchannel: email\n---\nWarmly').ok).toBe(true);
    expect(parseTemplateFile('---\nname: x\nkind: part\nchannel: email\nsubject: y\n---\nWarmly')).toMatchObject({
      problems: [{ code: 'part_with_subject' }],
    });
  });
});

describe('of several languages of a part', () => {
  const inLanguage = (locale: string) => ({ name: 'signature', channel: 'email' as const, locale, body: locale });
  it.each([
    ['de-CH', 'de-CH'],
    ['de-AT', 'de'],
    ['en-GB', 'en-GB'],
    [undefined, 'en-GB'],
  ])('a mail in %s takes %s', (locale, taken) => {
    const parts = ['de-CH', 'en-GB', 'de'].map(inLanguage);
    expect(partsFor(parts, 'email', locale)).toEqual({ signature: taken });
    expect(partsFor(parts, 'sms', locale)).toEqual({});
  });
});

describe('a mail without its pictures', () => {
  it('says what they show, and asks for none of them', () => {
    const html =
      '<style>p { background: url("https://example.com/a.png") }</style><table background="https://example.com/b.png"><tr><td style="background-image:url(https://example.com/c.png)"><img src="https://example.com/d.png" alt="You &amp; &lt;b&gt;us"><img src="https://example.com/e.png" alt=""></td></tr></table>';
    const shown = withoutPictures(html);
    expect(shown).not.toMatch(/example\.com|<img|<b>/);
    expect(shown).toContain('You &amp; &lt;b&gt;us');
  });
});
