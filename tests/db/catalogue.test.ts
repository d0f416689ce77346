// What holds for every object, whoever adds it: asked of the catalogue, not of a list.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { createTestDatabase, type TestDatabase } from '../support/postgres.ts';
import { RULES } from './support/catalogue-rules.ts';
import { policiesAreAsTheyShould } from './support/policy-rules.ts';

let db: TestDatabase;
beforeAll(async () => {
  db = await createTestDatabase();
});
afterAll(() => db.close());

describe('catalogue', () => {
  it.each(Object.entries(RULES))('%s', async (_name, rule) => {
    expect(await rule(db.query)).toEqual([]);
  });

  it('every table has exactly the policies it should', async () => {
    expect(await policiesAreAsTheyShould(db.query)).toEqual([]);
  });
});
