export type OptOutKeyword = 'stop' | 'start' | 'help';

// Twilio's default keywords; only a message that is nothing but the word counts there.
const WORDS: Readonly<Record<OptOutKeyword, readonly string[]>> = {
  stop: [
    'stop',
    'stopall',
    'unsubscribe',
    'cancel',
    'end',
    'quit',
    'optout',
    'revoke',
    'arret',
    'arrêt',
    'alto',
    'baja',
    'stopp',
  ],
  start: ['start', 'unstop', 'yes', 'optin'],
  help: ['help', 'info', 'hilfe', 'aide', 'ayuda'],
};

// Since April 2025 US rules (47 CFR 64.1200(a)(10)) accept any reasonable way of saying it, not the word alone.
const PHRASES: readonly RegExp[] = [
  /\b(?:please|pls) (?:stop|don'?t) (?:texting|messaging|sending|contacting|text|message|contact)\b/i,
  /\bplease stop\b/i,
  /\bstop (?:texting|messaging|sending|contacting)\b/i,
  /\b(?:take|remove) (?:me|my number) (?:off|from)\b/i,
  /\bunsubscribe me\b/i,
  /\bno more (?:texts|messages|sms)\b/i,
];

/**
 * Reads whether a reply asks to stop, to start again or for help.
 *
 * @param optOutType Twilio's own verdict (`OptOutType`), which counts before the words
 */
export function readOptOut(text: string, optOutType?: string): OptOutKeyword | null {
  const given = optOutType?.toLowerCase();
  if (given === 'stop' || given === 'start' || given === 'help') return given;
  const word = text
    .trim()
    .toLowerCase()
    .replaceAll(/[.!?"'\s]+$|^["'\s]+/g, '');
  for (const keyword of ['stop', 'start', 'help'] as const) if (WORDS[keyword].includes(word)) return keyword;
  return PHRASES.some((phrase) => phrase.test(text)) ? 'stop' : null;
}
