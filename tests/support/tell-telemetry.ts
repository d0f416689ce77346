// Loaded before everything else of a process (`node --import`): writes a line of JSON for every module of OpenTelemetry
// that is loaded afterwards.
import { registerHooks } from 'node:module';

registerHooks({
  load(url, context, next) {
    if (url.includes('/@opentelemetry/')) process.stdout.write(`${JSON.stringify({ loaded: url })}\n`);
    return next(url, context);
  },
});
