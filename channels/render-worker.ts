import { parentPort } from 'node:worker_threads';
import { renderTemplate, type RenderableTemplate } from './templates.ts';

// The thread in which templates are rendered: it has its own memory limit and may be ended at any moment, so it holds
// nothing but the job at hand.
export type RenderJob = { template: RenderableTemplate; variables: Record<string, unknown>; limitMs: number };

const port = parentPort;
if (port === null) throw new Error('This file is a worker thread; use createTemplateRenderer.');
port.on('message', ({ template, variables, limitMs }: RenderJob) => {
  port.postMessage(renderTemplate(template, variables, limitMs));
});
port.postMessage('ready');
