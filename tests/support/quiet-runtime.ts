import { DefaultLogger, Runtime } from '@temporalio/worker';

// Once per process, before anything of Temporal's starts: only what is wrong is printed.
Runtime.install({ logger: new DefaultLogger('ERROR') });
