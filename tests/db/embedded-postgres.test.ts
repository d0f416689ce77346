// The PostgreSQL that npm brings: started from nothing, recovered after a kill, clear where it cannot start.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';

import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { startEmbeddedPostgres, type EmbeddedPostgres } from '../../cli/dev/postgres.ts';

let folder: string;
const running: EmbeddedPostgres[] = [];
const children: ChildProcess[] = [];

beforeEach(async () => {
  folder = await mkdtemp('/tmp/wedsync-embedded-');
  await chmod(folder, 0o755);
});
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const server of running.splice(0)) await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const start = async (options: { port?: number } = {}): Promise<EmbeddedPostgres> => {
  const server = await startEmbeddedPostgres({ folder: join(folder, 'db'), durable: false, ...options });
  running.push(server);
  return server;
};

async function query(url: string, text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

/** Another process that runs the server, as `wedsync dev` does; says its address and the server's process id. */
async function startElsewhere(): Promise<{ owner: ChildProcess; adminUrl: string; pid: number }> {
  const program = `
    const { startEmbeddedPostgres } = await import(${JSON.stringify(join(import.meta.dirname, '../../cli/dev/postgres.ts'))});
    const server = await startEmbeddedPostgres({ folder: ${JSON.stringify(join(folder, 'db'))} });
    console.log(JSON.stringify({ adminUrl: server.adminUrl, pid: server.pid }));
    setInterval(() => {}, 1000);`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  children.push(owner);
  const [line] = (await once(owner.stdout, 'data')) as [Buffer];
  return { owner, ...(JSON.parse(line.toString()) as { adminUrl: string; pid: number }) };
}

/** A process that has ended but that nobody has asked about (a zombie) is not alive. */
async function isAlive(pid: number): Promise<boolean> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => null);
  return stat !== null && !/\) [ZX] /.test(stat);
}

describe('the embedded PostgreSQL', () => {
  it('starts from nothing, on this machine only, with a password', async () => {
    const server = await start();
    expect(await query(server.adminUrl, 'show server_version_num')).toEqual([
      { server_version_num: expect.stringMatching(/^18/) as string },
    ]);
    expect(await query(server.adminUrl, 'show listen_addresses')).toEqual([{ listen_addresses: '127.0.0.1' }]);
    const wrong = server.adminUrl.replace(/:[^:@]+@/, ':guess@');
    await expect(query(wrong, 'select 1')).rejects.toMatchObject({ code: '28P01' });
  });

  it('goes on with the same data after it was stopped, and leaves no process', async () => {
    const first = await start();
    await query(first.adminUrl, 'create table kept (id integer)');
    await first.stop();
    expect(await isAlive(first.pid)).toBe(false);
    const second = await start();
    expect(
      await query(second.adminUrl, 'select count(*)::int as tables from pg_class where relname = $$kept$$'),
    ).toEqual([{ tables: 1 }]);
  });

  it('recovers when whoever ran it was killed, and its orphaned server still runs', async () => {
    const { owner, adminUrl, pid } = await startElsewhere();
    await query(adminUrl, 'create table kept (id integer)');
    owner.kill('SIGKILL');
    await once(owner, 'exit');
    expect(await isAlive(pid)).toBe(true);
    const server = await start();
    expect(await isAlive(pid)).toBe(false);
    expect(await query(server.adminUrl, 'select from kept')).toEqual([]);
  });

  it('recovers when everything was killed at once', async () => {
    const { owner, adminUrl, pid } = await startElsewhere();
    await query(adminUrl, 'create table kept (id integer)');
    owner.kill('SIGKILL');
    process.kill(pid, 'SIGKILL');
    await once(owner, 'exit');
    expect(await query((await start()).adminUrl, 'select from kept')).toEqual([]);
  });

  it('is not fooled by a note of a server which names a process of somebody else', async () => {
    await (await start()).stop();
    const note = join(folder, 'db/data/postmaster.pid');
    await writeFile(note, `${process.pid}\n${join(folder, 'db/data')}\n`);
    expect(await query((await start()).adminUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('refuses data that a living process runs', async () => {
    const { owner } = await startElsewhere();
    await expect(start()).rejects.toMatchObject({
      code: 'postgres_data_in_use',
      message: expect.stringContaining(`process ${owner.pid}`) as string,
    });
  });

  it('says which port is busy', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const { port } = other.address() as { port: number };
    try {
      await expect(start({ port })).rejects.toMatchObject({
        code: 'postgres_port_busy',
        message: expect.stringContaining(`Port ${port}`) as string,
      });
    } finally {
      other.close();
    }
  });

  it('refuses data of another major version', async () => {
    await mkdir(join(folder, 'db/data'), { recursive: true });
    await writeFile(join(folder, 'db/data/PG_VERSION'), '16\n');
    await expect(start()).rejects.toMatchObject({
      code: 'postgres_data_version',
      message: expect.stringContaining('PostgreSQL 16') as string,
    });
  });

  it('is not taken for whole when its creation was cut off', async () => {
    await mkdir(join(folder, 'db/data.new'), { recursive: true });
    await writeFile(join(folder, 'db/data.new/PG_VERSION'), '18\n');
    expect(await query((await start()).adminUrl, 'select 1 as one')).toEqual([{ one: 1 }]);
  });

  it('shows its last words where it does not start', async () => {
    await (await start()).stop();
    const settings = join(folder, 'db/data/postgresql.conf');
    await writeFile(settings, `${await readFile(settings, 'utf8')}\nshared_buffers = nonsense\n`);
    await expect(start()).rejects.toMatchObject({
      code: 'postgres_failed',
      message: expect.stringContaining('shared_buffers') as string,
    });
  });
});
