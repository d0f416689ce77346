// What the rows of a script do, and that nothing but the planner decides what follows.
import { describe, expect, test } from 'vitest';
import { parseScript } from '../../../journeys/script.ts';
import { simulate, type LogEntry } from '../../../journeys/simulate.ts';
import { email, factsOf, journeyOf, task, wedding, type Question } from '../support/ask.ts';

const rehearse = (question: Question, rows: Record<string, unknown>[], until?: string) => {
  const { steps, closing, stops, ...rest } = question;
  const script = parseScript(rows, 'Europe/London');
  if (!script.ok) throw new Error(JSON.stringify(script.problems));
  const definition = journeyOf({ steps, ...(closing && { closing }), ...(stops && { stops }) });
  return simulate(definition, factsOf(rest), script.script, until === undefined ? {} : { until });
};

/** `key fate local`, for what happened to steps. */
const story = (log: readonly LogEntry[]): string[] =>
  log.flatMap((entry) =>
    entry.kind === 'step'
      ? [`${entry.key}${entry.occurrence > 1 ? `#${entry.occurrence}` : ''} ${entry.fate} ${entry.local}`]
      : [],
  );

describe('events', () => {
  const wait = (event: string, match?: Record<string, unknown>) => [
    { key: 'w', type: 'wait_for', event, ...(match && { match }), limit: { offset: { days: 60 } } },
    task('yes', { in: { step: 'w', arm: 'yes' } }),
  ];

  test.each([
    ['form.submitted', { do: 'form.submitted', form: 'menu' }, { form: 'menu' }],
    ['payment.succeeded', { do: 'payment.succeeded', payment: 'p1' }, { kind: 'balance' }],
    ['payment.failed', { do: 'payment.failed', kind: 'balance' }, { kind: 'balance' }],
    [
      'payment.scheduled',
      { do: 'payment.scheduled', payment: 'p9', kind: 'extra', dueOn: '2027-02-01' },
      { kind: 'extra' },
    ],
    ['client.status', { do: 'client.married' }, { status: 'married' }],
    ['client.booked', { do: 'client.booked' }, undefined],
    ['wedding_date.set', { do: 'wedding_date.set', weddingOn: '2027-09-04' }, undefined],
    ['core_field.changed', { do: 'core_field.changed', field: 'guest_count', value: 90 }, { field: 'guest_count' }],
    ['reply', { do: 'reply', channel: 'email', from: 'partner_1', text: 'Thanks' }, { from: 'partner_1' }],
    ['tasting.booked', { do: 'event', name: 'tasting.booked' }, undefined],
    ['gallery.delivered', { do: 'gallery.delivered', by: 'courier' }, { by: 'courier' }],
  ])('%s ends a wait for it', (event, row, match) => {
    const payments = [{ id: 'p1', kind: 'balance', dueOn: '2027-05-01' }];
    const { log } = rehearse({ steps: wait(event, match), payments, client: { status: 'lead' } }, [
      { at: '2026-12-01T12:00', ...row },
    ]);
    expect(story(log)).toEqual(['w answered 2026-12-01T12:00', 'yes done 2026-12-01T12:00']);
  });

  test('change what is known: payments, forms, dates, tags, fields, consent', () => {
    const { facts } = rehearse(
      { steps: [email('a', { when: wedding(-7) })], payments: [{ id: 'p1', kind: 'balance', dueOn: '2027-05-01' }] },
      [
        { at: '2026-12-01T12:00', do: 'payment.succeeded', payment: 'p1' },
        { at: '2026-12-02T12:00', do: 'form.submitted', form: 'menu', answers: { main: 'lamb' } },
        { at: '2026-12-03T12:00', do: 'date.set', key: 'tasting', on: '2027-02-01' },
        {
          at: '2026-12-04T12:00',
          do: 'client.updated',
          addTags: ['album'],
          custom: { venue: 'Barn' },
          status: 'married',
        },
        { at: '2026-12-05T12:00', do: 'core_field.changed', field: 'guests', value: 90 },
        { at: '2026-12-06T12:00', do: 'consent', channel: 'email', purpose: 'marketing', state: 'withdrawn' },
        { at: '2026-12-07T12:00', do: 'wedding_date.set', weddingOn: '2027-09-04', weddingTime: '15:00' },
      ],
    );
    expect(facts.payments[0]).toMatchObject({ status: 'succeeded', paidAt: '2026-12-01T12:00:00Z' });
    expect(facts.forms['menu']).toEqual({ status: 'submitted', answers: { main: 'lamb' } });
    expect(facts.client).toMatchObject({
      dates: { tasting: '2027-02-01' },
      tags: ['album'],
      custom: { venue: 'Barn' },
      status: 'married',
      weddingOn: '2027-09-04',
      weddingTime: '15:00',
      weddingChangedAt: '2026-12-07T12:00:00Z',
    });
    expect(facts.core['guests']).toBe(90);
    expect(facts.consents).toEqual([{ channel: 'email', purpose: 'marketing', state: 'withdrawn' }]);
  });

  const P1 = [{ id: 'p1', kind: 'balance', dueOn: '2027-05-01' }];

  test.each([
    [{ do: 'payment.refunded', payment: 'p1' }, { payments: [{ status: 'refunded' }] }],
    [{ do: 'payment.cancelled', payment: 'p1' }, { payments: [{ status: 'cancelled', dueOn: null }] }],
    [
      { do: 'payment.moved', payment: 'p1', dueOn: '2027-05-08' },
      { payments: [{ dueOn: '2027-05-08', dueChangedAt: '2026-12-01T12:00:00Z' }] },
    ],
    [{ do: 'wedding_date.cleared' }, { client: { weddingOn: null, weddingChangedAt: '2026-12-01T12:00:00Z' } }],
    [{ do: 'client.postponed' }, { client: { postponed: true, weddingOn: '2027-06-12' } }],
    [{ do: 'client.archived' }, { client: { status: 'archived' } }],
    [{ do: 'client.tags', add: ['album'] }, { client: { tags: ['album'] } }],
    [{ do: 'client.custom', key: 'venue', value: 'Barn' }, { client: { custom: { venue: 'Barn' } } }],
    [{ do: 'date.cleared', key: 'tasting' }, { client: { dates: { tasting: null } } }],
    [{ do: 'contact.updated', contact: 'c1', email: null }, { contacts: [{ id: 'c1', email: undefined }] }],
    [{ do: 'opt_out', channel: 'sms', from: 'partner_1' }, { suppressions: [{ contactId: 'c1', channel: 'sms' }] }],
    [{ do: 'approval', step: 'a', decision: 'rejected' }, { approvals: [{ key: 'a', decision: 'rejected' }] }],
    [{ do: 'stage.ended', stage: 'chase' }, { execution: { endedStages: [{ stage: 'chase' }] } }],
    [{ do: 'stop', reason: 'they asked' }, { execution: { status: 'stopped', stopReason: 'they asked' } }],
    [{ do: 'message.status', step: 'a', status: 'bounced' }, { messages: { a: { status: 'bounced' } } }],
    [{ do: 'messages.sent', on: '2027-06-05', count: 2 }, { sentOn: { '2027-06-05': 2 } }],
    [{ do: 'invoice.overdue', kind: 'balance' }, { events: [{ name: 'invoice.overdue' }] }],
    [{ do: 'payment.due', payment: 'p1' }, { events: [{ name: 'payment.due', data: { kind: 'balance' } }] }],
  ])('$do changes what is known', (row, known) => {
    const { facts } = rehearse(
      { steps: [email('a', { when: wedding(-7) })], payments: structuredClone(P1) },
      [{ at: '2026-12-01T12:00', ...row }],
      '2026-12-02T12:00:00Z',
    );
    expect(facts).toMatchObject(known);
  });

  test('whoever opts in again is written to', () => {
    const rows = [
      { at: '2026-12-01T12:00', do: 'opt_out', channel: 'email', from: 'partner_1' },
      { at: '2026-12-02T12:00', do: 'opt_in', channel: 'email', from: 'partner_1' },
    ];
    expect(rehearse({ steps: [email('a', { when: wedding(-7) })] }, rows).facts.suppressions).toEqual([]);
  });

  test('a rehearsal changes nothing of what it was given', () => {
    const facts = factsOf({ payments: [{ id: 'p1', kind: 'balance', dueOn: '2027-05-01' }] });
    const before = structuredClone(facts);
    simulate(journeyOf({ steps: [email('a', { when: wedding(-7) })] }), facts, [
      { at: '2026-12-01T12:00:00Z', do: 'payment.succeeded', details: { payment: 'p1' } },
    ]);
    expect(facts).toEqual(before);
  });
});

describe('people', () => {
  test('STOP by text keeps texts away, and only those', () => {
    const steps = [
      { ...email('text', { when: wedding(-7), purpose: 'transactional' }), type: 'sms' },
      email('mail', { when: wedding(-7) }),
    ];
    const { log } = rehearse({ steps }, [
      { at: '2027-01-01T12:00', do: 'reply', channel: 'sms', from: 'partner_1', text: ' stop ' },
    ]);
    expect(story(log)).toEqual(['text skipped 2027-06-05T09:00', 'mail sent 2027-06-05T09:00']);
  });

  test('a reply belongs to the message it answers, else to the last one on its channel', () => {
    const steps = [
      email('a', { when: { anchor: 'journey_start' } }),
      email('b', { when: { anchor: 'journey_start', offset: { days: 1 } } }),
    ];
    const rows = [{ at: '2026-12-01T12:00', do: 'reply', channel: 'email', text: 'Yes' }];
    expect(rehearse({ steps }, rows).facts.messages).toEqual({
      a: { status: 'sent' },
      b: { status: 'sent', replied: true },
    });
    expect(
      rehearse(
        { steps },
        rows.map((row) => ({ ...row, step: 'a' })),
      ).facts.messages['a'],
    ).toEqual({ status: 'sent', replied: true });
  });

  test('a hold holds, and `late: ask` waits for an answer to each step', () => {
    const steps = [
      email('a', { when: wedding(-32) }),
      email('b', { when: wedding(-31) }),
      email('c', { when: wedding(-30) }),
    ];
    const rows = [
      { at: '2027-05-01T09:00', do: 'hold', scope: 'client', reason: 'family' },
      { at: '2027-05-14T10:00', do: 'resume', late: 'ask' },
      { at: '2027-05-14T11:00', do: 'answer', step: 'a', answer: 'send' },
      { at: '2027-05-14T11:00', do: 'answer', step: 'b', answer: 'skip' },
    ];
    expect(story(rehearse({ steps }, rows).log)).toEqual([
      'a held 2027-05-11T09:00',
      'b held 2027-05-12T09:00',
      'c held 2027-05-13T09:00',
      'a held 2027-05-14T10:00',
      'b held 2027-05-14T10:00',
      'c held 2027-05-14T10:00',
      'a sent 2027-05-14T11:00',
      'b skipped 2027-05-14T11:00',
    ]);
  });

  test('a hold of one channel lets the others go, and is lifted by itself', () => {
    const steps = [{ ...email('text', { when: wedding(-32) }), type: 'sms' }, email('mail', { when: wedding(-32) })];
    const rows = [
      { at: '2027-05-01T09:00', do: 'hold', scope: 'channel', channel: 'sms' },
      { at: '2027-05-12T10:00', do: 'resume', scope: 'channel', channel: 'sms', late: 'skip' },
    ];
    expect(story(rehearse({ steps }, rows).log)).toEqual([
      'text held 2027-05-11T09:00',
      'mail sent 2027-05-11T09:00',
      'text skipped 2027-05-12T10:00',
    ]);
  });

  test('somebody skips a step by hand', () => {
    const { log, plan } = rehearse({ steps: [email('a', { when: wedding(-7) })] }, [
      { at: '2027-01-01T12:00', do: 'skip', step: 'a' },
    ]);
    expect(story(log)).toEqual(['a skipped 2027-01-01T12:00']);
    expect(plan.status).toBe('completed');
  });
});

describe('the journey itself', () => {
  test('may end one of its stages by what it does to the couple’s record', () => {
    const steps = [
      { key: 'married', type: 'update_client', when: wedding(1), set: { status: 'married', addTags: ['done'] } },
      email('plan', { when: wedding(2), stage: 'planning' }),
      email('after', { when: wedding(3), onlyIf: { field: 'client.tags', has: 'done' } }),
    ];
    const stops = [{ on: 'client.status', match: { status: 'married' }, stages: ['planning'] }];
    expect(story(rehearse({ steps, stops }, []).log)).toEqual([
      'married done 2027-06-13T09:00',
      'plan skipped 2027-06-13T09:00',
      'after sent 2027-06-15T09:00',
    ]);
  });

  test('runs its closing steps after a stop, and nothing else', () => {
    const stops = [{ on: 'event', match: { name: 'lost' } }];
    const closing = [task('tell', {}), email('note', { when: { offset: { days: 1 } } })];
    const { log, plan } = rehearse({ steps: [email('a', { when: wedding(-7) })], stops, closing }, [
      { at: '2027-01-10T12:00', do: 'event', name: 'lost' },
    ]);
    expect(story(log)).toEqual([
      'a skipped 2027-01-10T12:00',
      'tell done 2027-01-10T12:00',
      'note sent 2027-01-11T12:00',
    ]);
    expect(plan.status).toBe('stopped');
  });

  test('of an event and a step in the same second the event comes first', () => {
    const stops = [{ on: 'client.cancelled' }];
    const { log } = rehearse({ steps: [email('a', { when: wedding(-7) })], stops }, [
      { at: '2027-06-05T09:00', do: 'client.cancelled' },
    ]);
    expect(story(log)).toEqual(['a skipped 2027-06-05T09:00']);
  });

  test('shows a message for approval, and a task in its place when nobody decides', () => {
    const steps = [email('a', { when: wedding(-7), approval: { deadline: { hours: 24 }, fallback: 'task' } })];
    expect(story(rehearse({ steps }, []).log)).toEqual(['a held 2027-06-03T09:00', 'a task_instead 2027-06-06T09:00']);
  });

  test('makes a task of a message that went for a date which then changed, once the new one is still', () => {
    const steps = [email('a', { when: wedding(-30), onDateChange: 'task' })];
    const rows = [
      { at: '2027-05-20T10:00', do: 'wedding_date.set', weddingOn: '2027-09-18' },
      { at: '2027-05-20T10:04', do: 'wedding_date.set', weddingOn: '2027-09-04' },
      { at: '2027-05-25T10:00', do: 'form.submitted', form: 'menu' },
    ];
    expect(story(rehearse({ steps }, rows).log)).toEqual([
      'a sent 2027-05-13T09:00',
      'a task_besides 2027-05-20T10:14',
    ]);
    const slip = [rows[0], { at: '2027-05-20T10:04', do: 'wedding_date.set', weddingOn: '2027-06-12' }];
    expect(story(rehearse({ steps }, slip as Record<string, unknown>[]).log)).toEqual(['a sent 2027-05-13T09:00']);
  });

  test('looks no further than it is told', () => {
    const steps = [email('a', { when: wedding(-7) }), email('b', { when: wedding(7) })];
    const { log, plan } = rehearse({ steps }, [], '2027-06-12T00:00:00Z');
    expect(story(log)).toEqual(['a sent 2027-06-05T09:00']);
    expect(plan.steps[1]?.state).toBe('planned');
  });

  test('a worker is away until a local time, whatever the zone of the machine', () => {
    const rows = [{ at: '2027-06-05T08:00', do: 'worker.away', to: '2027-06-05T12:00' }];
    expect(story(rehearse({ steps: [email('a', { when: wedding(-7) })] }, rows).log)).toEqual([
      'a sent 2027-06-05T12:00',
    ]);
  });

  test('does nothing while the worker is away, and what happens meanwhile is not lost', () => {
    const steps = [
      email('a', { when: wedding(-7) }),
      { key: 'w', type: 'wait_for', event: 'signed' },
      task('yes', { in: { step: 'w', arm: 'yes' } }),
    ];
    const rows = [
      { at: '2027-06-05T08:00', do: 'worker.down', until: '2027-06-05T12:00' },
      { at: '2027-06-05T10:00', do: 'signed' },
    ];
    expect(story(rehearse({ steps }, rows).log)).toEqual([
      'a sent 2027-06-05T12:00',
      'w answered 2027-06-05T12:00',
      'yes done 2027-06-05T12:00',
    ]);
  });
});

describe('a script', () => {
  test.each([
    [[{ do: 'reply' }], '[0].at'],
    [[{ at: 'tomorrow', do: 'reply' }], '[0].at'],
    [[{ at: '2027-01-01T10:00', zone: 'Mars/Base', do: 'reply' }], '[0].zone'],
    [{ at: '2027-01-01T10:00' }, ''],
  ])('that cannot be read says where', (rows, path) => {
    const result = parseScript(rows, 'Europe/London');
    expect(result.ok ? [] : result.problems.map((problem) => problem.path)).toEqual([path]);
  });

  test('has local times, times of another zone, and instants', () => {
    const rows = [
      { at: '2027-06-01T10:00', do: 'x' },
      { at: '2027-06-01T10:00', zone: 'America/New_York', do: 'x' },
      { at: '2027-06-01T10:00:00+02:00', do: 'x' },
    ];
    const result = parseScript(rows, 'Europe/London');
    expect(result.ok && result.script.map((event) => event.at)).toEqual([
      '2027-06-01T09:00:00Z',
      '2027-06-01T14:00:00Z',
      '2027-06-01T08:00:00Z',
    ]);
  });
});
