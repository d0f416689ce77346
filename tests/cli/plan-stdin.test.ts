import { readFileSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { planLines } from '../../cli/plan-lines.ts';
import { FACTS, JOURNEY, wedsync } from './run-wedsync.ts';

type Question = { id: unknown; definition?: unknown; facts?: unknown; ledger?: unknown; now?: unknown };
type Answer = {
  id: unknown;
  plan?: { steps: unknown[] };
  problems?: { code: string; path: string; message: string }[];
};

const good: Question = { id: 1, definition: parse(JOURNEY), facts: parse(FACTS), now: '2026-11-20T10:00:00Z' };

async function ask(...lines: (Question | string)[]): Promise<Answer[]> {
  const input = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n');
  const { code, stdout, stderr } = await wedsync(['plan', '--stdin'], { input });
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Answer);
}

describe('wedsync plan --stdin', () => {
  it('answers every line by one, in the same order, with its id', async () => {
    const answers = await ask({ ...good, id: 'a' }, { ...good, id: 2 }, { ...good, id: 'ä' });
    expect(answers.map(({ id }) => id)).toEqual(['a', 2, 'ä']);
    expect(answers.every(({ plan }) => plan?.steps.length === 2)).toBe(true);
  });

  it('a bad line does not stop the rest', async () => {
    const answers = await ask(
      '{ not json',
      '[]',
      { ...good, id: 'now', now: 'yesterday' },
      { ...good, id: 'facts', facts: { execution: {} } },
      { ...good, id: 'definition', definition: { ...(good.definition as object), schema: 2 } },
      { ...good, id: 'ledger', ledger: { steps: [{ key: 'a' }] } },
      { id: 'nothing' },
      { ...good, id: 'good' },
    );
    expect(answers.map(({ id, problems }) => [id, problems?.[0]?.code, problems?.[0]?.path])).toEqual([
      [null, 'invalid_json', ''],
      [null, 'invalid_type', ''],
      ['now', 'invalid_format', 'now'],
      ['facts', 'missing', 'facts.organization'],
      ['definition', 'invalid_value', 'definition.schema'],
      ['ledger', 'invalid_value', 'ledger.steps[0].state'],
      ['nothing', 'missing', 'definition'],
      ['good', undefined, undefined],
    ]);
  });

  it('passes over empty lines and the end without a line break, but counts them', async () => {
    const answers = await ask('', JSON.stringify(good), '', '{');
    expect(answers.map(({ problems }) => problems?.[0]?.message)).toEqual([
      undefined,
      expect.stringMatching(/^Line 4 is not JSON/),
    ]);
  });

  it('refuses a send window without length and hours from a payment, whoever is to blame', async () => {
    const facts = {
      ...(good.facts as object),
      organization: { zone: 'Europe/London', sendWindow: { from: '09:00', to: '09:00', days: ['mon'] } },
    };
    const [answer] = await ask({ ...good, facts });
    expect(answer?.problems).toMatchObject([{ code: 'window_empty', path: 'facts.organization.sendWindow' }]);
  });

  it('refuses of the planner cases those that are wrong, and no others', async () => {
    const cases = readFileSync(new URL('../fixtures/planner-cases.ndjson', import.meta.url), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { id: string; input: Question; expect: { problems?: boolean } });
    const answers = await ask(...cases.map(({ id, input }) => ({ ...input, id })));
    const refused = answers.filter(({ problems }) => problems !== undefined).map(({ id }) => id);
    expect(refused).toEqual(cases.filter((one) => one.expect.problems).map(({ id }) => id));
    expect(answers).toHaveLength(cases.length);
  });

  it('answers a line as soon as it has come, without waiting for the next', async () => {
    const child = spawn(process.execPath, [
      fileURLToPath(new URL('../../cli/wedsync.ts', import.meta.url)),
      'plan',
      '--stdin',
    ]);
    child.stdin.write(`${JSON.stringify(good)}\n`);
    const [first] = (await once(child.stdout, 'data')) as [Buffer];
    expect(JSON.parse(first.toString())).toMatchObject({ id: 1 });
    child.stdin.end();
    expect(await once(child, 'close')).toEqual([0, null]);
  });

  it('ends quietly when nobody reads any more', async () => {
    const child = spawn(process.execPath, [
      fileURLToPath(new URL('../../cli/wedsync.ts', import.meta.url)),
      'plan',
      '--stdin',
    ]);
    const errors: Buffer[] = [];
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    child.stdin.on('error', () => undefined);
    const line = `${JSON.stringify(good)}\n`;
    child.stdin.write(line);
    await once(child.stdout, 'data');
    child.stdout.destroy();
    child.stdin.end(line.repeat(2_000));
    expect(await once(child, 'close')).toEqual([0, null]);
    expect(Buffer.concat(errors).toString()).toBe('');
  });
});

describe('planLines', () => {
  const line = Buffer.from(`${JSON.stringify(good)}\n`);

  it('takes no more in while nobody takes anything out', async () => {
    const total = 20_000;
    let read = 0;
    const source = function* (): Generator<Buffer> {
      for (; read < total; read++) yield line;
    };
    const firstWrite = Promise.withResolvers<void>();
    const opened = Promise.withResolvers<void>();
    const output = new Writable({
      highWaterMark: 1_000,
      write: (_chunk, _encoding, done) => {
        firstWrite.resolve();
        void opened.promise.then(() => done());
      },
    });
    const finished = planLines(Readable.from(source(), { objectMode: false }), output);
    await firstWrite.promise;
    // Every turn of the event loop is a chance to read on, were it not for the full writer.
    for (let turn = 0; turn < 200; turn++) await new Promise(setImmediate);
    expect(read).toBeLessThan(1_000);
    opened.resolve();
    await finished;
    expect(read).toBe(total);
  });

  it('passes over a line that is too long, in bounded memory, and goes on with the next', async () => {
    const chunks: string[] = [];
    const output = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        chunks.push(chunk.toString());
        done();
      },
    });
    const source = function* (): Generator<Buffer> {
      const part = Buffer.alloc(1_000_000, 'x');
      for (let sent = 0; sent < 9; sent++) yield part;
      yield Buffer.from('\n');
      yield line;
    };
    await planLines(Readable.from(source(), { objectMode: false }), output);
    const answers = chunks
      .join('')
      .trimEnd()
      .split('\n')
      .map((text) => JSON.parse(text) as Answer);
    expect(answers.map(({ id, problems }) => [id, problems?.[0]?.code])).toEqual([
      [null, 'too_long'],
      [1, undefined],
    ]);
  });

  it('reads letters that are cut in two by a chunk', async () => {
    const chunks: string[] = [];
    const output = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        chunks.push(chunk.toString());
        done();
      },
    });
    const bytes = Buffer.from(JSON.stringify({ ...good, id: 'Zoë & Siân' }));
    await planLines(
      Readable.from(
        [...bytes].map((byte) => Buffer.from([byte])),
        { objectMode: false },
      ),
      output,
    );
    expect(JSON.parse(chunks.join(''))).toMatchObject({ id: 'Zoë & Siân' });
  });
});
