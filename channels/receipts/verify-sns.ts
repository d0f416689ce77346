import { verify, X509Certificate } from 'node:crypto';
import { z } from 'zod';
import { readJson } from './read-json.ts';
import { forged, GENUINE, type Verdict } from './verdict.ts';

const envelopeSchema = z.object({
  Type: z.enum(['Notification', 'SubscriptionConfirmation', 'UnsubscribeConfirmation']),
  MessageId: z.string(),
  Message: z.string(),
  Subject: z.string().optional(),
  SubscribeURL: z.string().optional(),
  Token: z.string().optional(),
  Timestamp: z.string(),
  TopicArn: z.string(),
  Signature: z.string(),
  SignatureVersion: z.enum(['1', '2']),
  SigningCertURL: z.string(),
});
type Envelope = z.infer<typeof envelopeSchema>;

// Which fields are signed, in this order (docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html).
const NOTIFICATION = ['Message', 'MessageId', 'Subject', 'Timestamp', 'TopicArn', 'Type'] as const;
const CONFIRMATION = ['Message', 'MessageId', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn', 'Type'] as const;
// Amazon's own host and nothing that merely looks like it.
const CERTIFICATE =
  /^https:\/\/sns\.[a-z0-9-]+\.amazonaws\.com(?:\.cn)?\/SimpleNotificationService-[A-Za-z0-9-]+\.pem$/;

/**
 * Checks a request of Amazon SNS: RSA over its canonical fields, with the certificate that it names.
 *
 * @param topics whose notifications are ours; anybody may have a topic of their own signed by Amazon
 * @param fetchCertificate gets the PEM text of an address that has already been checked; should keep it
 */
export async function verifySns(
  body: string,
  topics: readonly string[],
  fetchCertificate: (url: string) => Promise<string>,
  now: Date,
): Promise<Verdict> {
  const parsed = envelopeSchema.safeParse(readJson(body));
  if (!parsed.success) return forged('The request is not a signed notification.');
  const envelope = parsed.data;
  if (!topics.includes(envelope.TopicArn)) return forged('The notification is of another topic.');
  if (!CERTIFICATE.test(envelope.SigningCertURL)) return forged('The certificate is not at an address of Amazon.');
  const certificate = new X509Certificate(await fetchCertificate(envelope.SigningCertURL));
  if (now < certificate.validFromDate || now > certificate.validToDate) return forged('The certificate has expired.');
  const algorithm = envelope.SignatureVersion === '1' ? 'sha1' : 'sha256';
  const signature = Buffer.from(envelope.Signature, 'base64');
  const genuine = verify(algorithm, Buffer.from(canonical(envelope)), certificate.publicKey, signature);
  return genuine ? GENUINE : forged('The signature does not fit the notification.');
}

/** The text that is signed: name and value of each field that is there, a line each. */
function canonical(envelope: Envelope): string {
  const names = envelope.Type === 'Notification' ? NOTIFICATION : CONFIRMATION;
  const fields: Record<string, string | undefined> = envelope;
  return names.flatMap((name) => (fields[name] === undefined ? [] : [`${name}\n${fields[name]}\n`])).join('');
}
