import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig, SETTINGS } from '../../config.ts';

function problemsOf(environment: Record<string, string>, required: Parameters<typeof readConfig>[1] = []): string[] {
  try {
    readConfig(environment, required);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map((problem) => problem.name);
    throw error;
  }
}

describe('configuration', () => {
  it('needs nothing in development', () => {
    expect(readConfig({})).toMatchObject({ TEMPORAL_NAMESPACE: 'default', PORT: 8080, LOG_LEVEL: 'info' });
  });

  it('counts an empty variable as absent', () => {
    expect(readConfig({ DATABASE_URL: '', PORT: '' })).toMatchObject({ PORT: 8080 });
    expect(readConfig({ DATABASE_URL: '' }).DATABASE_URL).toBeUndefined();
  });

  it('reports every problem at once, with name, reason and example', () => {
    const environment = {
      DATABASE_URL: 'mysql://x/y',
      TEMPORAL_ADDRESS: 'http://temporal',
      SMTP_URL: 'mail',
      PORT: '70000',
    };
    expect(problemsOf(environment, ['DATABASE_URL_WORKER'])).toEqual([
      'DATABASE_URL',
      'DATABASE_URL_WORKER',
      'TEMPORAL_ADDRESS',
      'SMTP_URL',
      'PORT',
    ]);
    expect(() => readConfig(environment)).toThrow(
      /4 problems[^]*DATABASE_URL: is not a Postgres URL[^]*PORT: is above 65535/,
    );
  });

  it.each(Object.entries(SETTINGS))('%s: its own example is accepted', (name, { example }) => {
    expect(problemsOf({ [name]: example })).toEqual([]);
  });

  it('.env.example has every setting with its explanation and example, and nothing else', () => {
    const expected = Object.entries(SETTINGS)
      .map(([name, { help, example }]) => `# ${help}\n# ${name}=${example}\n`)
      .join('\n');
    expect(readFileSync(new URL('../../.env.example', import.meta.url), 'utf8')).toBe(expected);
  });
});
