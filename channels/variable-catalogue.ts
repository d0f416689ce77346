/** What a variable holds, which decides how a template may use it. */
export type VariableType = 'text' | 'civil_date' | 'number' | 'link';

export type TemplateVariable = {
  /** The name in a template; `*` stands for the supplier's own keys. */
  name: string;
  type: VariableType;
  meaning: string;
  /** What previews and tests show; long names and accents on purpose. */
  sample: string | number;
  /** False where every couple has a value, so that no fallback is asked for. */
  mayBeMissing: boolean;
};

function variable(
  name: string,
  type: VariableType,
  sample: string | number,
  meaning: string,
  mayBeMissing = true,
): TemplateVariable {
  return { name, type, meaning, sample, mayBeMissing };
}

/** Everything a template may use. A name outside of this list is an error when the template is published. */
export const TEMPLATE_VARIABLES: readonly TemplateVariable[] = [
  variable('client.coupleName', 'text', 'Niamh & Oluwaseun', 'the couple as a pair', false),
  variable('client.partner1.firstName', 'text', 'Niamh', 'first name of partner 1', false),
  variable('client.partner2.firstName', 'text', 'Oluwaseun', 'first name of partner 2'),
  variable('recipient.firstName', 'text', 'Oluwaseun', 'first name of the person this copy goes to', false),
  variable('wedding.date', 'civil_date', '2027-06-12', 'the wedding day'),
  variable('wedding.venue', 'text', 'Ashcombe Barn', 'where the wedding is'),
  variable('wedding.guestCount', 'number', 110, 'how many guests'),
  variable('dates.*', 'civil_date', '2027-02-10', "one of the couple's own dates, such as dates.tasting"),
  variable('organization.name', 'text', 'Alder and Finch', "the supplier's business", false),
  variable('organization.phone', 'text', '01632 960123', "the supplier's telephone number", false),
  variable('organization.email', 'text', 'hello@example.com', "the supplier's email address", false),
  variable('organization.senderName', 'text', 'Rosalind', 'the person who signs', false),
  variable('payment.amount', 'text', '£1,450.00', "the amount, written in the payment's currency"),
  variable('payment.dueOn', 'civil_date', '2027-05-01', 'the day the payment is due'),
  variable('payment.reference', 'text', 'AF-2027-0142', 'what to write on a bank transfer'),
  variable('payment.url', 'link', 'https://go.example.com/p7Rk2', 'where to pay'),
  variable('form.url', 'link', 'https://go.example.com/f9Qx4', 'personal link to the form of this template'),
  variable('links.preferences', 'link', 'https://go.example.com/c3Lm8', 'choose what to receive', false),
  variable('links.unsubscribe', 'link', 'https://go.example.com/u5Tz1', 'stop with one click', false),
  variable('links.portal', 'link', 'https://go.example.com/h2Wd6', "the couple's page"),
  variable('links.calendar', 'link', 'https://go.example.com/k8Bn3', 'choose a time'),
  variable('links.review', 'link', 'https://go.example.com/r4Vs9', 'write a review'),
  variable('links.gallery', 'link', 'https://go.example.com/g6Yc7', 'the photographs'),
  variable('links.document', 'link', 'https://go.example.com/d1Xj5', 'the document of this step'),
];

/** The entry for a name as written in a template, or undefined for a name outside of the catalogue. */
export function findVariable(name: string): TemplateVariable | undefined {
  const own = /^dates\.[a-z][a-z0-9_]{0,39}$/.test(name) ? 'dates.*' : name;
  return TEMPLATE_VARIABLES.find((entry) => entry.name === own && (entry.name !== 'dates.*' || own !== name));
}

/** The groups of the catalogue, empty: so a missing value is named in full (`payment.amount`, not `payment`). */
export function emptyGroups(): Record<string, unknown> {
  return nest(TEMPLATE_VARIABLES.map((entry): [string, undefined] => [entry.name, undefined]));
}

/** Sample values for previews and tests, with the given own dates. */
export function sampleVariables(dateKeys: readonly string[] = []): Record<string, unknown> {
  const fixed = TEMPLATE_VARIABLES.filter((entry) => entry.name !== 'dates.*');
  return nest([
    ...fixed.map((entry): [string, string | number] => [entry.name, entry.sample]),
    ...dateKeys.map((key): [string, string] => [`dates.${key}`, '2027-02-10']),
  ]);
}

function nest(entries: readonly [string, string | number | undefined][]): Record<string, unknown> {
  const root: Record<string, unknown> = {};
  for (const [name, value] of entries) {
    const keys = name.split('.');
    const last = keys.pop() ?? name;
    let group = root;
    for (const key of keys) group = (group[key] ??= {}) as Record<string, unknown>;
    if (value !== undefined) group[last] = value;
  }
  return root;
}
