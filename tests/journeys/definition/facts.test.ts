import { describe, expect, it } from 'vitest';
import { parseFacts, parseLedger } from '../../../journeys/facts.ts';
import { facts } from './written.ts';

describe('facts', () => {
  it('have their defaults filled in', () => {
    const result = parseFacts({
      organization: { zone: 'Europe/London' },
      execution: { startedAt: '2026-11-20T10:00:00Z' },
    });
    expect(result.ok && result.facts).toEqual({
      organization: {
        zone: 'Europe/London',
        defaultTime: '09:00',
        workingDays: ['mon', 'tue', 'wed', 'thu', 'fri'],
        closedOn: [],
        sendWindow: null,
        dailyCap: 3,
        holdWhenPostponed: false,
        settleMinutes: 10,
        postponedTaskWeeks: 8,
        closeAfterDays: 400,
        conversationGuardHours: 0,
      },
      client: {
        status: 'booked',
        weddingOn: null,
        weddingTime: null,
        weddingZone: null,
        postponed: false,
        dates: {},
        tags: [],
        custom: {},
      },
      execution: { startedAt: '2026-11-20T10:00:00Z', status: 'active', holds: [], endedStages: [] },
      payments: [],
      forms: {},
      events: [],
      messages: {},
      core: {},
      consents: [],
      suppressions: [],
      approvals: [],
      sentOn: {},
    });
  });

  it('tell contacts that are not known from contacts that are none', () => {
    const without = parseFacts(facts());
    const empty = parseFacts(facts({ contacts: [] }));
    expect(without.ok && without.facts.contacts).toBeUndefined();
    expect(empty.ok && empty.facts.contacts).toEqual([]);
  });

  it('may have null for what may be left out', () => {
    const result = parseFacts(
      facts({
        contacts: [{ id: 'c1', role: 'partner_1', email: null, phone: null, zone: null }],
        client: { weddingOn: null, weddingChangedAt: null },
      }),
    );
    expect(result.ok && result.facts.contacts).toEqual([{ id: 'c1', role: 'partner_1', isPrimary: false }]);
  });

  it('read instants with an offset or with fractions as UTC to the second', () => {
    const at = (startedAt: string): unknown => {
      const result = parseFacts(facts({ execution: { startedAt } }));
      return result.ok && result.facts.execution.startedAt;
    };
    expect(at('2026-11-20T12:00:00+02:00')).toBe('2026-11-20T10:00:00Z');
    expect(at('2026-11-20T10:00:00.999999Z')).toBe('2026-11-20T10:00:00Z');
    expect(at('2026-11-20T10:00Z')).toBe('2026-11-20T10:00:00Z');
  });

  it('keep a date that does not exist, for which a journey waits', () => {
    expect(parseFacts(facts({ client: { weddingOn: '2027-02-30', dates: { tasting: '2027-13-01' } } })).ok).toBe(true);
  });

  it('pass over what other programs know besides', () => {
    const result = parseFacts(facts({ organization: { zone: 'Europe/London', name: 'Fig and Fennel', plan: 'pro' } }));
    expect(result.ok && Object.keys(result.facts.organization)).not.toContain('plan');
  });

  it('keep the details of the trigger', () => {
    const result = parseFacts(
      facts({
        execution: { startedAt: '2026-11-20T10:00:00Z', trigger: { event: 'form.submitted', form: 'enquiry' } },
      }),
    );
    expect(result.ok && result.facts.execution.trigger).toEqual({ event: 'form.submitted', form: 'enquiry' });
  });

  it.each([
    [
      'a slip of the hand',
      facts({ client: { weddinOn: '2027-06-12' } }),
      'client.weddinOn',
      /did you mean "weddingOn"/,
    ],
    [
      'a slip in a list',
      facts({ payments: [{ id: 'p', kind: 'balance', dueon: '2027-01-01' }] }),
      'payments[0].dueon',
      /did you mean "dueOn"/,
    ],
    ['a key of facts', facts({ payment: [] }), 'payment', /did you mean "payments"/],
    ['no organization', { ...facts(), organization: undefined }, 'organization', /stands where an object with zone/],
    [
      'an unknown zone',
      facts({ organization: { zone: 'Europe/Londn' } }),
      'organization.zone',
      /Did you mean "Europe\/London"/,
    ],
    ['a fixed offset for a zone', facts({ organization: { zone: '+01:00' } }), 'organization.zone', /a zone such as/],
    [
      'a date the other way round',
      facts({ client: { weddingOn: '12/06/2027' } }),
      'client.weddingOn',
      /year-month-day/,
    ],
    [
      'a day of messages that is none',
      facts({ sentOn: { monday: 2 } }),
      'sentOn.monday',
      /"monday" is not a date such as "2027-06-12"/,
    ],
    [
      'an instant before time',
      facts({ execution: { startedAt: '0000-01-01T00:00:00Z' } }),
      'execution.startedAt',
      /is not an instant such as/,
    ],
    ['a number for a date', facts({ client: { weddingOn: 20270612 } }), 'client.weddingOn', /year-month-day/],
    [
      'an instant without a zone',
      facts({ execution: { startedAt: '2026-11-20T10:00:00' } }),
      'execution.startedAt',
      /with Z or an offset/,
    ],
    [
      'an instant that does not exist',
      facts({ execution: { startedAt: '2026-02-30T10:00:00Z' } }),
      'execution.startedAt',
      /does not exist/,
    ],
    [
      'an hour that does not exist',
      facts({ execution: { startedAt: '2026-02-20T25:00:00Z' } }),
      'execution.startedAt',
      /does not exist/,
    ],
    ['no start', facts({ execution: {} }), 'execution.startedAt', /Missing: an instant/],
    [
      'stopped since never',
      facts({ execution: { startedAt: '2026-11-20T10:00:00Z', status: 'stopped' } }),
      'execution.stoppedAt',
      /since when/,
    ],
    [
      'a window that ends first',
      facts({ organization: { zone: 'UTC', sendWindow: { from: '18:00', to: '09:00' } } }),
      'organization.sendWindow',
      /"from" before "to"/,
    ],
    [
      'a window without length',
      facts({ organization: { zone: 'UTC', sendWindow: { from: '09:00', to: '09:00' } } }),
      'organization.sendWindow',
      /must end after it begins/,
    ],
    [
      'a day that is none',
      facts({ organization: { zone: 'UTC', workingDays: ['monday'] } }),
      'organization.workingDays[0]',
      /one of mon, tue/,
    ],
    ['a cap of nothing', facts({ organization: { zone: 'UTC', dailyCap: 0 } }), 'organization.dailyCap', /1 or more/],
    [
      'a hold of no channel',
      facts({
        execution: { startedAt: '2026-11-20T10:00:00Z', holds: [{ scope: 'channel', since: '2026-11-20T10:00:00Z' }] },
      }),
      'execution.holds[0].channel',
      /must say which/,
    ],
    [
      'a closed day that is none',
      facts({ organization: { zone: 'UTC', closedOn: ['2027-02-30'] } }),
      'organization.closedOn[0]',
      /does not exist in the calendar/,
    ],
    [
      'a contact in no zone',
      facts({ contacts: [{ id: 'c', role: 'partner_1', zone: 'Mars/Olympus' }] }),
      'contacts[0].zone',
      /not a zone/,
    ],
  ])('%s is told with its place', (_, input, path, says) => {
    const result = parseFacts(input);
    expect(result.ok ? [] : result.problems.map((problem) => [problem.path, problem.message])).toEqual([
      [path, expect.stringMatching(says)],
    ]);
  });
});

describe('a ledger', () => {
  it('is empty where there is none', () => {
    expect(parseLedger(undefined)).toEqual({ ok: true, ledger: { steps: [] } });
    expect(parseLedger(null)).toEqual({ ok: true, ledger: { steps: [] } });
  });

  it('counts occurrences from one', () => {
    const result = parseLedger({
      steps: [{ key: 'a', state: 'done', dueAt: null, plannedAt: '2026-11-20T10:00:00Z' }],
    });
    expect(result.ok && result.ledger.steps[0]).toEqual({
      key: 'a',
      occurrence: 1,
      state: 'done',
      dueAt: null,
      plannedAt: '2026-11-20T10:00:00Z',
    });
  });

  it.each([
    ['a state that is none', { steps: [{ key: 'a', state: 'sent' }] }, 'steps[0].state'],
    ['an occurrence before the first', { steps: [{ key: 'a', state: 'done', occurrence: 0 }] }, 'steps[0].occurrence'],
    ['a slip of the hand', { steps: [{ key: 'a', state: 'done', dueat: null }] }, 'steps[0].dueat'],
    ['a million occurrences', { steps: [{ key: 'a', state: 'done', occurrence: 1_000_000 }] }, 'steps[0].occurrence'],
  ])('with %s is refused', (_, input, path) => {
    expect(parseLedger(input)).toMatchObject({ ok: false, problems: [{ path }] });
  });
});
