import { z } from 'zod';

/** Names that belong to the connection, to the signature or to somebody's infrastructure. */
const OURS = new Set(
  'accept-encoding connection content-encoding content-length content-type expect host keep-alive te trailer transfer-encoding upgrade user-agent via forwarded'.split(
    ' ',
  ),
);
const OUR_PREFIXES = [
  'webhook-',
  'svix-',
  'proxy-',
  'x-forwarded-',
  'x-amz-',
  'x-goog',
  'x-ms-',
  'metadata',
  'sec-',
  'cf-',
];
const TOKEN = /^[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}$/;
const PRINTABLE = /^[\t\u0020-\u007e]{0,4096}$/;

/** Headers an endpoint's owner may add, such as `authorization`. At most 20; names in lower case. */
export const customHeadersSchema = z
  .record(z.string(), z.string().regex(PRINTABLE, 'has at most 4096 printable ASCII characters and no line breaks'))
  .superRefine((headers, context) => {
    for (const name of Object.keys(headers)) {
      const message = TOKEN.test(name)
        ? 'is set by us or by the network and cannot be chosen'
        : 'is not the name of a header';
      if (!TOKEN.test(name) || isOurs(name)) context.addIssue({ code: 'custom', path: [name], message });
    }
  })
  .refine((headers) => Object.keys(headers).length <= 20, 'has at most 20 headers')
  .transform((headers) =>
    Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value])),
  );

function isOurs(name: string): boolean {
  const lower = name.toLowerCase();
  return OURS.has(lower) || OUR_PREFIXES.some((prefix) => lower.startsWith(prefix));
}
