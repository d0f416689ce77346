// Definitions and facts as somebody would write them, for tests: small, right, and easy to spoil in one place.

type Written = Record<string, unknown>;

/** An email that follows nothing but the wedding. */
export function email(key: string, more: Written = {}): Written {
  return {
    key,
    type: 'email',
    template: key,
    when: { anchor: 'wedding_date', offset: { days: -7 }, at: '09:00' },
    ...more,
  };
}

/** A question to stand on the arms of. */
export function condition(key: string, more: Written = {}): Written {
  return { key, type: 'condition', test: { field: 'client.tags', has: 'album' }, ...more };
}

/** A wait for a form. */
export function wait(key: string, more: Written = {}): Written {
  return { key, type: 'wait_for', event: 'form.submitted', limit: { offset: { days: 14 } }, ...more };
}

/** A whole journey of these steps. */
export function journey(steps: unknown[], more: Written = {}): Written {
  return { schema: 1, name: 'Case', starts: { on: 'client.booked' }, steps, ...more };
}

/** Facts of a couple who marry in June. */
export function facts(more: Written = {}): Written {
  return {
    organization: { zone: 'Europe/London' },
    client: { weddingOn: '2027-06-12' },
    execution: { startedAt: '2026-11-20T10:00:00Z' },
    ...more,
  };
}
