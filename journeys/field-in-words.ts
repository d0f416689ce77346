// What conditions ask for and steps wait for, in a supplier's words: noun phrases, which a sentence can be built around.

/** The fields that stand for themselves. */
const FIELDS: Readonly<Record<string, string>> = {
  'client.status': "the couple's status",
  'client.tags': "the couple's tags",
  'client.postponed': 'whether the wedding is postponed',
  'client.weddingOn': 'the wedding date',
  'client.weddingTime': 'the time of the wedding',
  'wedding.date': 'the wedding date',
  'wedding.daysAway': 'the time left to the wedding',
  'payment.dueOn': 'the due date of the payment',
  'contact.email': "the couple's email address",
  'contact.phone': "the couple's phone number",
};

const EVENTS: Readonly<Record<string, string>> = {
  'client.created': 'a new couple',
  'client.booked': 'the booking',
  'client.cancelled': 'a cancellation',
  'client.status': "a change of the couple's status",
  'wedding_date.set': 'a new wedding date',
  'payment.scheduled': 'a date for the payment',
  'payment.due': 'the due day of the payment',
  'payment.succeeded': 'the payment',
  'payment.failed': 'a failed payment',
  'invoice.overdue': 'an overdue invoice',
  'form.submitted': 'the form to come back',
  'core_field.changed': 'a change in what is known about the wedding',
  reply: 'a reply',
};

/** "the wedding date", "the answer to "guests" in the form "menu"": a field, or what a step counts from. */
export function fieldInWords(field: string, nameOf: (key: string) => string): string {
  const known = FIELDS[field];
  if (known !== undefined) return known;
  if (field.startsWith('event:')) return eventInWords(field.slice('event:'.length));
  const [subject = '', name = '', what = '', ...more] = field.split('.');
  const rest = [what, ...more].join('.');
  switch (subject) {
    case 'client':
      return name === 'dates' ? `the date "${rest}"` : `the couple's "${rest}"`;
    case 'payment':
      return what === 'dueOn' ? `the due date of the ${spaced(name)}` : `the state of the ${spaced(name)}`;
    case 'form':
      return what === 'answers' ? `the answer to "${more.join('.')}" in the form "${name}"` : `the form "${name}"`;
    case 'core':
      return `"${[name, what, ...more].filter(Boolean).join('.')}" of the wedding`;
    case 'consent':
      return `the consent to ${what} messages by ${byChannel(name)}`;
    case 'trigger':
      return `"${[name, what, ...more].filter(Boolean).join('.')}" of what started the journey`;
    case 'step':
      return what === 'outcome' ? `the answer of "${nameOf(name)}"` : `what became of "${nameOf(name)}"`;
    case 'message':
      return what === 'replied' ? `the reply to "${nameOf(name)}"` : `what became of "${nameOf(name)}"`;
    default:
      return field;
  }
}

/** "its condition on the wedding date does not hold", and of which fields nothing is known. */
export function failedConditionInWords(
  field: string,
  missing: readonly string[],
  nameOf: (key: string) => string,
): string {
  const fails = `its condition on ${fieldInWords(field, nameOf)} does not hold`;
  if (missing.length === 0) return fails;
  return `${fails}: nothing is known of ${list(missing.map((one) => fieldInWords(one, nameOf)))}`;
}

/** "a reply", "the form to come back"; an event of the supplier's own by its name. */
export function eventInWords(event: string): string {
  return EVENTS[event] ?? `the event "${event}"`;
}

/** Why a journey was stopped: what a known event means, anything else as it was written. */
export function stopInWords(why: string): string {
  return why === 'client.cancelled' ? 'the couple cancelled' : (EVENTS[why] ?? why);
}

/** "emails are paused", "text messages are paused". */
export function ofChannel(channel: string): string {
  return CHANNELS[channel]?.many ?? channel;
}

/** "by email", "by text message". */
export function byChannel(channel: string): string {
  return CHANNELS[channel]?.by ?? channel;
}

const CHANNELS: Readonly<Record<string, { many: string; by: string }>> = {
  email: { many: 'emails', by: 'email' },
  sms: { many: 'text messages', by: 'text message' },
  whatsapp: { many: 'WhatsApp messages', by: 'WhatsApp' },
};

/** "second_instalment" as it is read. */
export function spaced(word: string): string {
  return word.replaceAll('_', ' ');
}

/** "a, b and c" */
export function list(words: readonly string[], last: 'and' | 'or' = 'and'): string {
  return words.length < 2 ? words.join('') : `${words.slice(0, -1).join(', ')} ${last} ${words.at(-1) ?? ''}`;
}
