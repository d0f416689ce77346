import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { findVariable, sampleVariables, TEMPLATE_VARIABLES } from '../../channels/variable-catalogue.ts';

const TYPES = { text: 'text', civil_date: 'civil date', number: 'number', link: 'link' };

describe('the catalogue of variables', () => {
  it('is what docs/messaging.md lists, in the same order', () => {
    const text = readFileSync(new URL('../../docs/messaging.md', import.meta.url), 'utf8');
    const rows = [...text.matchAll(/^\| `([\w.*]+)` \| (text|civil date|number|link) \| .+ \| (yes)? ?\|$/gm)];
    expect(rows.map(([, name, type, missing]) => [name, type, missing === 'yes'])).toEqual(
      TEMPLATE_VARIABLES.map((variable) => [variable.name, TYPES[variable.type], variable.mayBeMissing]),
    );
  });

  it('knows own dates by any key, and nothing else by guessing', () => {
    expect(findVariable('dates.tasting')?.type).toBe('civil_date');
    for (const name of ['dates', 'dates.*', 'dates.Tasting', 'client', 'client.constructor', 'payment.amount.x']) {
      expect(findVariable(name)).toBeUndefined();
    }
  });

  it('has a sample for everything', () => {
    const sample = JSON.stringify(sampleVariables(['tasting']));
    for (const { sample: value } of TEMPLATE_VARIABLES.filter((variable) => variable.name !== 'dates.*')) {
      expect(sample).toContain(JSON.stringify(value));
    }
  });
});
