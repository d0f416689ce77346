import { configureGlobal } from 'fast-check';

// The same cases in every run: a run that fails says something about the change, not about luck. `FC_SEED=<number>`
// looks at others; what is found there becomes a test of its own.
configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 20_261_127) });
