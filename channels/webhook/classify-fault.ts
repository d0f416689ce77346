import type { WebhookFault } from './webhook-result.ts';

const BY_CODE: Readonly<Record<string, WebhookFault>> = {
  ADDRESS_REFUSED: 'address_refused',
  GIVEN_UP: 'cancelled',
  ENOTFOUND: 'dns',
  ENODATA: 'dns',
  EAI_AGAIN: 'dns',
  ESERVFAIL: 'dns',
  EREFUSED: 'dns',
  ETIMEOUT: 'dns',
  ECANCELLED: 'timeout',
  EBADNAME: 'dns',
  ECONNREFUSED: 'connection_refused',
  ECONNRESET: 'connection_lost',
  EPIPE: 'connection_lost',
  UND_ERR_SOCKET: 'connection_lost',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ETIMEDOUT: 'timeout',
  UND_ERR_CONNECT_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_TIMEOUT: 'timeout',
  UND_ERR_BODY_TIMEOUT: 'timeout',
  UND_ERR_HEADERS_OVERFLOW: 'headers_too_large',
  HPE_HEADER_OVERFLOW: 'headers_too_large',
};
const TLS = /^(ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO|SELF_SIGNED|UNABLE_TO_|HOSTNAME_MISMATCH|EPROTO)/;

/** Sorts an error of resolver, socket, TLS or HTTP parser by its code; what has none broke the protocol. */
export function classifyFault(error: unknown): { fault: WebhookFault; code: string } {
  const code = codeOf(error);
  if (TLS.test(code)) return { fault: 'tls', code };
  return { fault: BY_CODE[code] ?? 'protocol', code };
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'ERROR';
  const code = (error as { code?: unknown }).code;
  // Several addresses were tried and each failed: the first one's reason speaks for them.
  if (error instanceof AggregateError && error.errors.length > 0) return codeOf(error.errors[0]);
  if (typeof code === 'string') return code;
  return error.cause === undefined ? error.name : codeOf(error.cause);
}

/** For the owner of the endpoint: what happened, after "Not delivered: ". */
export const FAULT_WORDS: Readonly<Record<WebhookFault, string>> = {
  address_refused: 'the address does not lead to the public Internet',
  dns: 'the host name could not be resolved',
  connection_refused: 'the receiver refused the connection',
  connection_lost: 'the connection broke',
  unreachable: 'there is no way to the receiver',
  tls: 'no secure connection could be made; check the certificate',
  timeout: 'the receiver took too long',
  protocol: 'the receiver did not answer in HTTP',
  headers_too_large: 'the headers of the answer were too large',
  cancelled: 'the attempt was given up',
};
