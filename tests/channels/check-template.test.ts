import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { checkTemplate, type TemplateCheck } from '../../channels/check-template.ts';
import { parseTemplateFile, type TemplateSource } from '../../channels/template-file.ts';
import { createTemplateRenderer } from '../../channels/template-renderer.ts';

const renderer = createTemplateRenderer();
afterAll(() => renderer.close());

function anEmail(inside: string, over: Partial<TemplateSource> = {}): TemplateSource {
  const body = `<mjml lang="en-GB"><mj-body><mj-section><mj-column><mj-text font-size="16px"><h1>Hello</h1></mj-text>${inside}</mj-column></mj-section></mj-body></mjml>`;
  return { name: 'Test', channel: 'email', subject: 'Hello', body, ...over };
}
const text = (inside: string): string => `<mj-text font-size="16px">${inside}</mj-text>`;
const anSms = (body: string): TemplateSource => ({ name: 'Test', channel: 'sms', body });
const check = (
  source: TemplateSource,
  over: Partial<Parameters<typeof checkTemplate>[1]> = {},
): Promise<TemplateCheck> => checkTemplate(source, { renderer, ...over });
const codes = ({ findings }: TemplateCheck): string[] => findings.map((finding) => finding.code);

describe('every starter template', () => {
  const folder = new URL('../../journeys/starters/templates/', import.meta.url);
  it.each(readdirSync(folder))('%s can be published', async (file) => {
    const parsed = parseTemplateFile(readFileSync(new URL(file, folder), 'utf8'));
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const { ok, findings } = await check(parsed.template);
    expect(findings.filter((finding) => finding.severity === 'error')).toEqual([]);
    expect(ok).toBe(true);
  });
});

describe('a template cannot be published', () => {
  const cases: [what: string, source: TemplateSource, code: string][] = [
    ['with a variable that does not exist', anEmail(text('{{ client.nickname }}')), 'unknown_variable'],
    ['with such a variable in its subject', anEmail('', { subject: '{{ couple }}' }), 'unknown_variable'],
    ['with a tag that is not closed', anSms('{% if wedding.venue %}x'), 'liquid_unbalanced'],
    ['with a tag that does not exist', anSms('{% include "x" %}'), 'unknown_tag'],
    ['with a filter that does not exist', anSms('{{ wedding.venue | shout }}'), 'unknown_filter'],
    ['with escaping switched off', anEmail(text('{{ client.coupleName | raw }}')), 'unknown_filter'],
    ['with a part that does not exist', anSms("{% render 'nowhere' %}"), 'unknown_partial'],
    ['with a layout tag that is not closed', anEmail('<mj-text font-size="16px">x'), 'tag_not_closed'],
    ['with layout tags that cross', anEmail('<mj-text><b><i>x</b></i></mj-text>'), 'tag_not_closed'],
    ['with a layout tag that does not exist', anEmail('<mj-txt>x</mj-txt>'), 'mjml_invalid'],
    [
      'with Liquid where the layout would lose it',
      {
        ...anEmail(''),
        body: anEmail('')
          .body.replace('<mj-section>', '{% if wedding.venue %}<mj-section>')
          .replace('</mj-body>', '{% endif %}</mj-body>'),
      },
      'liquid_dropped',
    ],
    ['nested too deep', anEmail(text(`${'<b>'.repeat(25)}x${'</b>'.repeat(25)}`)), 'too_deep'],
    ['with a script', anEmail(text('<script>alert(1)</script>')), 'forbidden_tag'],
    ['with a form', anEmail(text('<form action="https://example.com"><input></form>')), 'forbidden_tag'],
    ['with a program in an attribute', anEmail(text('<b onclick="x()">x</b>')), 'forbidden_attribute'],
    ['with a link that is a program', anEmail(text('<a href="java\nscript:alert(1)">x</a>')), 'link_forbidden'],
    ['with a link to data', anEmail(text('<a href="data:text/html,x">x</a>')), 'link_forbidden'],
    ['with a link that begins with a name', anEmail(text('<a href="{{ client.coupleName }}">x</a>')), 'link_unsafe'],
    ['with a link that leads nowhere', anEmail(text('<a href="">x</a>')), 'link_empty'],
    ['with a link without text', anEmail(text('<a href="https://example.com"></a>')), 'link_text_missing'],
    [
      'with a picture without a text for it',
      anEmail('<mj-raw><img src="https://example.com/a.png"></mj-raw>'),
      'alt_missing',
    ],
    ['without a heading', { ...anEmail(''), body: anEmail('').body.replaceAll('h1>', 'p>') }, 'heading'],
    ['with two main headings', anEmail(text('<h1>Again</h1>')), 'heading'],
    ['with pale text', anEmail('<mj-text font-size="16px" color="#aaaaaa">pale</mj-text>'), 'contrast'],
    ['with small text', anEmail('<mj-text font-size="11px">small</mj-text>'), 'text_too_small'],
    ['larger than Gmail shows', anEmail(text('x'.repeat(110_000))), 'too_large'],
    ['with a link to a form it does not name', anSms('{{ form.url }}'), 'form_missing'],
    ['as a text of more than ten messages', anSms('x'.repeat(1_540)), 'too_many_segments'],
    ['as a text longer than possible', anSms('x'.repeat(1_601)), 'too_long'],
    ['for WhatsApp without its category', { name: 'x', channel: 'whatsapp', body: 'Hello' }, 'category_missing'],
    [
      'that would run for ever',
      anSms('{% for a in (1..9999) %}{% for b in (1..9999) %}x{% endfor %}{% endfor %}'),
      'too_expensive',
    ],
  ];

  it.each(cases)('%s', async (_what, source, code) => {
    const result = await check(source);
    expect(result.ok).toBe(false);
    expect(result.findings).toContainEqual(expect.objectContaining({ code, severity: 'error' }));
  });

  const pdf = Buffer.from('%PDF-1.7');
  const attached = (filename: string, content: Uint8Array<ArrayBuffer> = pdf) => ({
    filename,
    contentType: 'application/pdf',
    content,
  });
  it.each([
    ['that programs block', [attached('photos.zip')], 'attachment_type'],
    ['that could hold a script', [attached('page.html')], 'attachment_type'],
    ['without an ending', [attached('guide')], 'attachment_type'],
    ['that is another thing than its ending says', [attached('guide.png')], 'attachment_not_what_it_says'],
    ['whose name reads backwards', [attached('guide\u202Efdp.pdf')], 'attachment_name'],
    ['in a folder', [attached('../guide.pdf')], 'attachment_name'],
    ['without anything in it', [attached('guide.pdf', Buffer.alloc(0))], 'attachment_empty'],
    ['of six megabytes', [attached('guide.pdf', Buffer.concat([pdf, Buffer.alloc(6 << 20)]))], 'attachment_too_large'],
    ['of the same name as another', [attached('Guide.pdf'), attached('guide.PDF')], 'attachment_twice'],
    ['among too many', Array.from({ length: 11 }, (_, n) => attached(`${n}.pdf`)), 'too_many_attachments'],
    [
      'with others so large that servers refuse the mail',
      ['a', 'b'].map((name) => attached(`${name}.pdf`, Buffer.concat([pdf, Buffer.alloc(4 << 20)]))),
      'attachments_too_large',
    ],
  ])('with a file %s', async (_what, attachments, code) => {
    const checked = await check(anEmail(''), { attachments });
    expect(checked.ok).toBe(false);
    expect(codes(checked)).toContain(code);
  });

  it.each([
    ['email', 'attachments: [../secret.pdf]', 'front_matter_invalid'],
    ['email', 'attachments: [/etc/hosts.txt]', 'front_matter_invalid'],
    ['email', "attachments: ['C:\\a.txt']", 'front_matter_invalid'],
    ['sms', 'attachments: [guide.pdf]', 'attachments_not_email'],
  ])('as %s with %s', (channel, line, code) => {
    const subject = channel === 'email' ? 'subject: Hi\n' : '';
    const parsed = parseTemplateFile(`---\nname: Test\nchannel: ${channel}\n${subject}${line}\n---\nHi`);
    expect(parsed).toMatchObject({ ok: false, problems: [{ code }] });
  });

  it('as advertising by email without a way to stop it', async () => {
    expect(codes(await check(anEmail(''), { purpose: 'marketing' }))).toContain('unsubscribe_missing');
    const withLink = anEmail(text('<a href="{{ links.unsubscribe }}">Stop these emails</a>'));
    expect(await check(withLink, { purpose: 'marketing' })).toMatchObject({
      ok: true,
      variables: ['links.unsubscribe'],
    });
  });
});

describe('a template is published with a doubt', () => {
  it.each([
    ['about an unencrypted link', anEmail(text('<a href="http://example.com">x</a>')), 'link_insecure'],
    ['about a long subject', anEmail('', { subject: 'x'.repeat(90) }), 'subject_long'],
    [
      'about a language that it does not name',
      { ...anEmail(''), body: anEmail('').body.replace(' lang="en-GB"', '') },
      'language_missing',
    ],
    ['about a text of four messages', anSms('x'.repeat(500)), 'many_segments'],
    ['about letters that make it dearer', anSms('It’s tomorrow'), 'costly_characters'],
    ['about couples who lack what it needs', anSms('See you at {{ wedding.venue }}'), 'may_be_missing'],
  ])('%s', async (_what, source, code) => {
    const result = await check(source);
    expect(result.ok).toBe(true);
    expect(result.findings).toContainEqual(expect.objectContaining({ code, severity: 'warning' }));
  });

  it('about files that make every mail heavy', async () => {
    const content = Buffer.concat([Buffer.from('%PDF-1.7'), Buffer.alloc(2 << 20)]);
    const checked = await check(anEmail(''), {
      attachments: [{ filename: 'guide.pdf', contentType: 'application/pdf', content }],
    });
    expect(checked.ok).toBe(true);
    expect(codes(checked)).toContain('attachments_heavy');
  });

  it('not about what has a fallback', async () => {
    expect((await check(anSms('See you at {{ wedding.venue | default: "the venue" }}'))).findings).toEqual([]);
  });
});

describe('what is said about a template', () => {
  it('offers the name that was meant', async () => {
    const { findings } = await check(anSms('{{ wedding.veneu }}'));
    expect(findings[0]?.message).toContain('Did you mean {{ wedding.venue }}?');
  });

  it('knows the couple’s own dates', async () => {
    expect((await check(anSms('{{ dates.tasting | date: "%A" }}'))).ok).toBe(true);
    expect((await check(anSms('{{ dates.Tasting Day }}'))).ok).toBe(false);
  });

  it('shows what a sample couple would get', async () => {
    const { sample } = await check(anSms('Hi {{ client.partner1.firstName }}'));
    expect(sample?.text).toBe('Hi Niamh');
  });
});
