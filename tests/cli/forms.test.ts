import { afterAll, beforeAll, describe, expect, test } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { files, wedsync } from './run-wedsync.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
  await db.query(
    `with o as (insert into app.organizations (name, slug) values ('Alder and Finch', 'alder') returning id)
     insert into app.clients (organization_id, external_id, partner_1_name, status)
     select id, word, word, 'booked' from o, (values ('c-1'), ('c-2')) as words (word)`,
  );
});
afterAll(() => db?.close());

const run = (...args: string[]) =>
  wedsync([...args, '--organization', 'alder'], {
    env: { DATABASE_URL: db.adminUrl, WEDSYNC_PUBLIC_URL: 'https://journeys.example.com' },
  });
const json = async <T>(...args: string[]): Promise<T> => {
  const { stdout, stderr } = await run(...args, '--json');
  expect(stderr).toBe('');
  return JSON.parse(stdout) as T;
};

const NUMBERS = `title: Final numbers
fields:
  - { key: adults, label: Adults, type: number, min: 1, required: true, core: guest_count }
`;

describe('wedsync forms', () => {
  test('a form is published, changed only where it differs, sent to a couple, read, reopened and closed', async () => {
    const path = await files({
      'numbers.yaml': NUMBERS,
      'menu.yaml': 'title: Menu\nfields: [{ key: a, label: A, type: text }]',
    });
    expect((await run('forms', 'publish', path('numbers.yaml'), path('menu.yaml'))).stdout).toBe(
      'added      numbers (version 1)\nadded      menu (version 1)\n',
    );
    const again = await files({
      'numbers.yaml': NUMBERS.replace('Adults', 'Grown-ups'),
      'menu.yaml': 'title: Menu\nfields: [{ key: a, label: A, type: text }]',
    });
    expect((await run('forms', 'publish', again('numbers.yaml'), again('menu.yaml'))).stdout).toBe(
      'changed    numbers (version 2)\nunchanged  menu (version 1)\n',
    );
    const { url } = await json<{ url: string }>('forms', 'link', 'numbers', '--client', 'c-1');
    expect(url).toMatch(/^https:\/\/journeys\.example\.com\/f\/[0-9a-f]{64}$/);
    expect(await json('forms', 'link', 'numbers', '--client', 'c-1')).toEqual({ url });
    await run('forms', 'link', 'numbers', '--client', 'c-1', '--revoke');
    expect(await json('forms', 'link', 'numbers', '--client', 'c-1')).not.toEqual({ url });

    await db.query(
      `insert into app.form_submissions (organization_id, form_id, form_version_id, client_id, status, answers)
       select f.organization_id, f.id, v.id, c.id, 'submitted', '{"adults": 80}'
       from app.forms f join app.form_versions v on v.form_id = f.id and v.version = 2
         join app.clients c on c.external_id = 'c-1' where f.slug = 'numbers'`,
    );
    expect((await run('forms', 'answers', 'numbers')).stdout).toMatch(
      /^c-1 {2}submitted, version 2, sent .*\n {2}adults: 80\n$/,
    );
    expect((await run('forms', 'reopen', 'numbers', '--client', 'c-1')).code).toBe(0);
    expect(await json('forms', 'answers', 'numbers', '--client', 'c-1')).toMatchObject([
      { status: 'draft', submittedAt: null, answers: { adults: 80 } },
    ]);
    await run('forms', 'off', 'menu');
    expect(await json('forms', 'list')).toMatchObject([
      { slug: 'menu', status: 'archived', version: 1 },
      { slug: 'numbers', status: 'published', version: 2, drafts: 1, submitted: 0 },
    ]);
    expect(await run('forms', 'link', 'menu', '--client', 'c-1')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('There is no published form "menu".'),
    });
  });

  test('what cannot be published is named with its place, and nothing of the rest is', async () => {
    const path = await files({
      'bad.yaml': 'title: Bad\nfields:\n  - { key: when, label: When?, type: number, core: ceremony_time }\n',
      'fine.yaml': 'title: Fine\nfields: [{ key: a, label: A, type: text }]',
      'worse.yaml': 'title: Worse\nfields:\n  - { key: a, label: A, type: choice }\n',
    });
    expect(await run('forms', 'publish', path('fine.yaml'), path('bad.yaml'))).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/fields\.0\.core: "ceremony_time" is a time.*\nNothing was published/),
    });
    expect((await wedsync(['forms', 'check', path('worse.yaml')])).stdout).toMatch(
      /worse\.yaml:3:\d+ {2}error {2}fields\.0\.options: a choice needs its options/,
    );
    expect((await json<{ slug: string }[]>('forms', 'list')).map(({ slug }) => slug)).not.toContain('fine');
  });

  test('what is published comes back as files that change nothing', async () => {
    const path = await files({
      'words.yaml': 'title: Words\nfields: [{ key: a, label: A, type: long_text, help: Short. }]',
    });
    await run('forms', 'publish', path('words.yaml'));
    await run('forms', 'export', path('out'), '--form', 'words');
    expect((await run('forms', 'publish', path('out'))).stdout).toBe('unchanged  words (version 1)\n');
  });
});

describe('wedsync fields', () => {
  test('a field is set as the couple’s word, with its history and state', async () => {
    expect((await run('fields', 'add', 'parking', '--label', 'Parking spaces', '--type', 'number')).code).toBe(0);
    expect(await run('fields', 'set', 'parking', 'many', '--client', 'c-2')).toMatchObject({
      code: 2,
      stderr: 'wedsync: "parking" is a number.\n',
    });
    for (const value of ['4', '6']) await run('fields', 'set', 'parking', value, '--client', 'c-2', '--said', 'couple');
    expect(await json('fields', 'history', 'parking', '--client', 'c-2')).toMatchObject([
      { version: 2, value: 6, source: 'couple' },
      { version: 1, value: 4, source: 'couple' },
    ]);
    await run('fields', 'state', 'first_dance', 'not_applicable', '--client', 'c-2');
    expect(await json('fields', 'show', '--client', 'c-2')).toMatchObject([
      { key: 'first_dance', status: 'not_applicable', value: null },
      { key: 'parking', status: 'completed', value: 6, version: 2 },
    ]);
  });
});
