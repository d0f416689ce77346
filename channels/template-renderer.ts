import { Worker } from 'node:worker_threads';
import type { RenderJob } from './render-worker.ts';
import { TOO_EXPENSIVE, type RenderableTemplate, type RenderedTemplate } from './templates.ts';

export type TemplateRenderer = {
  /** As `renderTemplate`, but whatever the template does, it ends in time and this process lives on. */
  render(template: RenderableTemplate, variables: Record<string, unknown>): Promise<RenderedTemplate>;
  close(): Promise<void>;
};

export type TemplateRendererOptions = {
  /**
   * How much processor time one template may take, in milliseconds; 200 by default. By the clock it may take longer
   * where the machine is busy with other things.
   */
  limitMs?: number;
};

// However busy the machine is, nothing takes this many times as long by the clock.
const CLOCK_FACTOR = 8;
const MEMORY = { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 16, stackSizeMb: 4 };

/**
 * Renders templates of suppliers in a thread of their own. Liquid's limits are looked at only between two of its nodes
 * and its authors call them no sandbox, so time and memory are limited from outside: a thread that is late or has
 * used up its memory is ended, and a new one is begun at once for the next template.
 */
export function createTemplateRenderer({ limitMs = 200 }: TemplateRendererOptions = {}): TemplateRenderer {
  let thread: Promise<Worker> | undefined;
  let isClosed = false;
  // One at a time, so that the time of a template is its own.
  let last: Promise<unknown> = Promise.resolve();

  async function run(job: RenderJob): Promise<RenderedTemplate> {
    thread ??= startThread();
    const worker = await thread.catch((error: unknown) => {
      // The next template tries again.
      thread = undefined;
      throw error;
    });
    const { promise, resolve } = Promise.withResolvers<RenderedTemplate>();
    let isGivenUp = false;
    const giveUp = (): void => {
      if (isGivenUp) return;
      isGivenUp = true;
      resolve(TOO_EXPENSIVE);
      // Whoever asked need not wait for the end of the one, nor whoever asks next for the beginning of the other.
      void worker.terminate();
      thread = isClosed ? undefined : startThread();
      thread?.catch(() => {});
    };
    const stopWatching = watch(worker, limitMs, giveUp);
    worker.once('message', resolve).once('error', giveUp).once('exit', giveUp);
    // At rest the thread keeps no process alive; at work it does.
    worker.ref();
    worker.postMessage(job, []);
    try {
      return await promise;
    } finally {
      stopWatching();
      worker.unref();
      worker.off('message', resolve).off('error', giveUp).off('exit', giveUp);
    }
  }

  return {
    render(template, variables) {
      // Plain data only: what cannot be written as JSON has no business in a template.
      const job: RenderJob = {
        template,
        variables: JSON.parse(JSON.stringify(variables)) as Record<string, unknown>,
        limitMs: limitMs * CLOCK_FACTOR,
      };
      const result = last.then(() => run(job));
      last = result.catch(() => {});
      return result;
    },
    async close() {
      isClosed = true;
      await last;
      const worker = await thread;
      thread = undefined;
      await worker?.terminate();
    },
  };
}

/** A thread that has loaded everything it needs, so that the time of starting counts for no template. */
async function startThread(): Promise<Worker> {
  const worker = new Worker(new URL('./render-worker.ts', import.meta.url), {
    resourceLimits: MEMORY,
    // Nothing of this process's environment, and a zone that nobody's machine changes.
    env: { TZ: 'UTC' },
    execArgv: [],
  });
  // An error that comes while nobody renders must not end this process; the next render finds the thread gone.
  worker.on('error', () => {});
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  worker.once('message', () => resolve()).once('error', reject);
  await promise;
  worker.off('error', reject);
  worker.unref();
  return worker;
}

/**
 * Calls `giveUp` once the thread has used up its processor time, or far too much of everybody's time.
 *
 * @returns ends the watch
 */
function watch(worker: Worker, limitMs: number, giveUp: () => void): () => void {
  const before = worker.cpuUsage();
  let timer = setTimeout(look, limitMs);
  // A thread in the middle of something long does not even say how much time it has used.
  const atLast = setTimeout(giveUp, limitMs * CLOCK_FACTOR);
  let over = false;

  function look(): void {
    Promise.all([before, worker.cpuUsage()]).then(([first, now]) => {
      const usedMs = (now.user + now.system - first.user - first.system) / 1_000;
      if (over) return;
      if (usedMs >= limitMs) giveUp();
      else timer = setTimeout(look, Math.max(5, limitMs - usedMs));
    }, giveUp);
  }
  return () => {
    over = true;
    clearTimeout(timer);
    clearTimeout(atLast);
    // A thread that has ended meanwhile answers with an error that nobody waits for.
    before.catch(() => {});
  };
}
