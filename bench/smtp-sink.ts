// A mail server in a process of its own that takes mails and forgets them, so that its work is not measured with the
// sender's. Tells its port by a message; ends with its parent.
import type { AddressInfo } from 'node:net';
import { SMTPServer } from 'smtp-server';

const server = new SMTPServer({
  disabledCommands: ['STARTTLS', 'AUTH'],
  disableReverseLookup: true,
  authOptional: true,
  onData(stream, _session, done) {
    stream.resume();
    stream.once('end', () => done());
  },
});
server.listen(0, '127.0.0.1', () => process.send?.((server.server.address() as AddressInfo).port));
process.once('disconnect', () => process.exit(0));
