import type { WebhookAttempt } from '../channels/webhook/webhook-result.ts';

const LONGEST_SNIPPET = 4_000;

/** The beginning of an answer as text that the database takes; what is no text is shown in base64. */
export function responseSnippet(body: Uint8Array): string {
  const bytes = Buffer.from(body);
  const text = bytes.toString('utf8');
  const isText = !text.includes('\uFFFD') || Buffer.from(text).equals(bytes);
  const shown = isText ? text.replaceAll('\0', '') : `base64:${bytes.subarray(0, 2_900).toString('base64')}`;
  return shown.slice(0, LONGEST_SNIPPET);
}

/** What a receiver answered, where it is complete JSON; a step that waits for a value takes nothing else. */
export function responseValue({ responseBody, bodyComplete }: WebhookAttempt): unknown {
  if (!bodyComplete || responseBody.length === 0) return undefined;
  try {
    const value: unknown = JSON.parse(Buffer.from(responseBody).toString('utf8').replaceAll('\\u0000', ''));
    return value;
  } catch {
    return undefined;
  }
}
