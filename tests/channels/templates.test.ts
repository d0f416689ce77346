import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { compileTemplate } from '../../channels/compile-template.ts';
import { parseTemplateFile, type TemplateSource } from '../../channels/template-file.ts';
import { renderTemplate, type RenderedTemplate } from '../../channels/templates.ts';
import { sampleVariables } from '../../channels/variable-catalogue.ts';

const STARTERS = new URL('../../journeys/starters/templates/', import.meta.url);
const OWN_DATES = ['tasting', 'engagement_shoot', 'rehearsal'];

async function starter(file: string): Promise<TemplateSource> {
  const parsed = parseTemplateFile(readFileSync(new URL(file, STARTERS), 'utf8'));
  if (!parsed.ok) throw new Error(`${file}: ${JSON.stringify(parsed.problems)}`);
  const compiled = await compileTemplate(parsed.template);
  if (!compiled.ok) throw new Error(`${file}: ${JSON.stringify(compiled.problems)}`);
  return compiled.template;
}

function rendered(result: RenderedTemplate): Extract<RenderedTemplate, { ok: true }> {
  if (!result.ok) throw new Error(result.detail);
  return result;
}

const sms = (body: string, variables: Record<string, unknown> = {}): RenderedTemplate =>
  renderTemplate({ channel: 'sms', body }, variables);

describe('every starter template', () => {
  const files = readdirSync(STARTERS).filter((file) => /\.(mjml|liquid)$/.test(file));
  it('is there', () => expect(files.length).toBeGreaterThan(80));

  it.each(files)('%s renders for a sample couple, with a text part and nothing left over', async (file) => {
    const template = await starter(file);
    const { subject, text, html = '' } = rendered(renderTemplate(template, sampleVariables(OWN_DATES)));
    expect(text.length).toBeGreaterThan(20);
    expect(`${subject}${text}${html}`).not.toMatch(/\{\{|\{%|undefined|\[object|NaN/);
    expect(template.channel !== 'email' || (subject.length > 0 && html.includes('<h1'))).toBe(true);
  });

  it.each(files)('%s shows a hostile name as a name and never as HTML', async (file) => {
    const variables = sampleVariables(OWN_DATES);
    const name = `<img src=x onerror=alert(1)>"'><script>alert(1)</script>`;
    const couple = { coupleName: name, partner1: { firstName: name }, partner2: { firstName: name } };
    const hostile = { ...variables, client: couple, recipient: { firstName: name } };
    const { html = '', subject } = rendered(renderTemplate(await starter(file), hostile));
    expect(html).not.toMatch(/<img src=x|<script|onerror=alert\(1\)>(?!&)"/);
    expect(subject).not.toMatch(/[\r\n]/);
  });
});

describe('a variable without a value', () => {
  it('blocks the message and is named in full, all of them at once', () => {
    const result = renderTemplate(
      { channel: 'email', subject: '{{ payment.amount }}', body: '<p>{{ wedding.venue }} {{ payment.amount }}</p>' },
      {},
    );
    expect(result).toMatchObject({
      ok: false,
      code: 'missing_variables',
      missing: ['payment.amount', 'wedding.venue'],
    });
  });

  it.each([null, '', '   ', undefined])('is also one whose value is %j', (venue) => {
    expect(sms('at {{ wedding.venue }}', { wedding: { venue } })).toMatchObject({
      ok: false,
      missing: ['wedding.venue'],
    });
  });

  it('takes the fallback, and a fallback goes through the filters after it', () => {
    const body =
      '{{ wedding.venue | default: "your venue" }}, {{ wedding.date | default: "the day" | date: "%-d %B" }}';
    expect(rendered(sms(body)).text).toBe('your venue, the day');
  });

  it('may be asked for with if', () => {
    const body = '{% if wedding.venue %}at {{ wedding.venue }}{% else %}soon{% endif %}';
    expect(rendered(sms(body)).text).toBe('soon');
    expect(rendered(sms(body, { wedding: { venue: 'Ashcombe Barn' } })).text).toBe('at Ashcombe Barn');
  });
});

describe('a date', () => {
  it.each(['Pacific/Apia', 'America/Los_Angeles', 'UTC', 'Pacific/Kiritimati'])(
    'is the same day on a machine in %s',
    (zone) => {
      const before = process.env['TZ'];
      process.env['TZ'] = zone;
      try {
        const { text } = rendered(
          sms('{{ wedding.date | date: "%A %-d %B %Y" }}', { wedding: { date: '2027-06-12' } }),
        );
        expect(text).toBe('Saturday 12 June 2027');
      } finally {
        if (before === undefined) delete process.env['TZ'];
        else process.env['TZ'] = before;
      }
    },
  );

  it("is written in the template's language", () => {
    const template = { channel: 'sms', locale: 'de', body: '{{ wedding.date | date: "%A, %-d. %B" }}' } as const;
    expect(rendered(renderTemplate(template, { wedding: { date: '2027-06-12' } })).text).toBe('Samstag, 12. Juni');
  });
});

describe('the text part', () => {
  it('keeps links, rows and headings of the HTML and drops its preview line', async () => {
    const { text } = rendered(renderTemplate(await starter('photographer_balance.mjml'), sampleVariables()));
    expect(text).toContain('A gentle note about the balance');
    expect(text).toMatch(/^Due by +Saturday 1 May 2027$/m);
    expect(text).toContain('Pay the balance (https://go.example.com/p7Rk2)');
    expect(text).not.toContain('the paperwork done');
  });
});

describe('a template file', () => {
  it.each([
    ['no front matter', 'Hello', 'front_matter_missing'],
    ['front matter that is not YAML', '---\nname: [\n---\nHello', 'front_matter_invalid'],
    ['an unknown channel', '---\nname: x\nchannel: pigeon\n---\nHello', 'front_matter_invalid'],
    ['a word nobody knows', '---\nname: x\nchannel: sms\nsubjct: y\n---\nHello', 'front_matter_invalid'],
    ['an email without a subject', '---\nname: x\nchannel: email\n---\n<mjml></mjml>', 'subject_missing'],
    ['no text', '---\nname: x\nchannel: sms\n---\n \n', 'body_missing'],
  ])('with %s is refused with the reason', (_what, text, code) => {
    const parsed = parseTemplateFile(text);
    expect(parsed).toMatchObject({ ok: false, problems: [{ code }] });
  });

  it('with an MJML tag nobody knows is refused, not repaired', async () => {
    const body = '<mjml><mj-body><mj-section><mj-colum>x</mj-colum></mj-section></mj-body></mjml>';
    const compiled = await compileTemplate({ name: 'x', channel: 'email', subject: 's', body });
    expect(compiled).toMatchObject({ ok: false, problems: [{ code: 'mjml_invalid' }] });
  });
});
