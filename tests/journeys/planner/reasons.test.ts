// Every reason there is comes about, and says itself in a sentence a supplier understands.
import { describe, expect, test } from 'vitest';
import { explain } from '../../../journeys/explain.ts';
import { reasonSchema } from '../../../journeys/reasons.ts';
import { ask, BOOKED, done, email, line, recorded, task, wedding, type Question } from '../support/ask.ts';

type Example = { question: Question; at?: string; says: string };

const LATE = '2027-06-01T10:00:00Z';
const late = { execution: { startedAt: LATE }, now: LATE };
const DUE = '2027-06-05T08:00:00Z';
const approval = { deadline: { hours: 24 }, fallback: 'task' };
const album = { field: 'client.tags', has: 'album' };

const EXAMPLES: Record<string, Example> = {
  on_time: { question: { steps: [email('a', { when: wedding(-7) })] }, says: 'Goes as planned.' },
  rolled: {
    question: { steps: [email('a', { when: { ...wedding(-90), days: 'working', roll: 'forward' } })] },
    says: "Moved from Sunday 14 March to Monday 15 March because you don't work on Sundays.",
  },
  window: {
    question: {
      steps: [email('a', { when: { ...wedding(-2), at: '20:30' } })],
      organization: { sendWindow: { from: '09:00', to: '18:00' } },
    },
    says: 'Moved from Thursday 10 June at 20:30 to Friday 11 June at 09:00 because you send messages between 09:00 and 18:00.',
  },
  caught_up: {
    question: { ...late, steps: [email('a', { when: { ...wedding(-30), ifPast: 'send_now' } })] },
    says: 'Caught up: it was due on Thursday 13 May 2027 at 09:00.',
  },
  daily_cap: {
    question: {
      steps: [email('a', { when: wedding(-7) })],
      organization: { dailyCap: 1 },
      sentOn: { '2027-06-05': 1 },
    },
    says: 'Moved on from Saturday 5 June 2027 at 09:00 because this couple gets at most 1 message a day.',
  },
  retry: {
    question: {
      steps: [email('a', { when: wedding(-7) })],
      ledger: [recorded('a', DUE, { attempts: 2, nextAttemptAt: '2027-06-05T08:30:00Z' })],
      now: '2027-06-05T08:10:00Z',
    },
    says: 'Will be tried again; 2 attempts did not get through.',
  },
  overdue: {
    question: { steps: [email('a', { when: wedding(-7) })], ledger: [recorded('a', DUE)], now: '2027-06-05T08:01:00Z' },
    says: 'Late: it was due on Saturday 5 June 2027 at 09:00.',
  },
  anchor_missing: {
    question: { steps: [email('a', { when: { anchor: 'date:tasting' } })] },
    says: 'Waits for the date "tasting".',
  },
  postponed: {
    question: { steps: [email('a', { when: wedding(-7) })], client: { postponed: true } },
    says: 'Waits for the new wedding date: the wedding is postponed.',
  },
  waiting_for_step: {
    question: { steps: [email('a', { when: wedding(-7) }), email('b', { when: { offset: { days: 1 } } })] },
    at: 'b',
    says: 'Waits for "a" to finish.',
  },
  waiting_for_answer: {
    question: { steps: [{ key: 'q', type: 'condition', test: album }, email('a', { in: { step: 'q', arm: 'yes' } })] },
    says: 'Goes only if the answer of "q" is yes, which is not known yet.',
  },
  waiting_for_event: {
    question: { steps: [{ key: 'a', type: 'wait_for', event: 'gallery.delivered', limit: { offset: { days: 10 } } }] },
    says: 'Waits for the event "gallery.delivered", until Monday 30 November 2026 at 10:00.',
  },
  needs_approval: {
    question: { steps: [email('a', { when: wedding(-7), approval })], now: '2027-06-04T08:00:00Z' },
    says: 'Needs your OK by Sunday 6 June 2027 at 09:00; otherwise a task takes its place.',
  },
  paused: {
    question: {
      steps: [email('a', { when: { anchor: 'journey_start' } })],
      execution: { holds: [{ scope: 'organization', since: BOOKED, reason: 'on holiday' }] },
    },
    says: 'Held: everything is paused (on holiday).',
  },
  settling: {
    question: {
      steps: [email('a', { when: { ...wedding(-90), ifPast: 'send_now' } })],
      client: { weddingChangedAt: '2027-04-01T10:00:00Z' },
      now: '2027-04-01T10:00:05Z',
    },
    says: 'Held until Thursday 1 April 2027 at 11:10, in case the date that was just changed is changed again.',
  },
  needs_answer: {
    question: { ...late, steps: [email('a', { when: { ...wedding(-30), ifPast: 'ask' } })] },
    says: 'Was due on Thursday 13 May 2027 at 09:00, which has passed: say whether it should still go.',
  },
  stopped: {
    question: {
      steps: [email('a', { when: wedding(-7) })],
      execution: { status: 'stopped', stoppedAt: '2027-01-10T09:00:00Z', stopReason: 'client.cancelled' },
      now: '2027-01-10T09:00:00Z',
    },
    says: 'Skipped: the journey was stopped on Sunday 10 January 2027 at 09:00 (the couple cancelled).',
  },
  stage_ended: {
    question: {
      steps: [email('a', { when: wedding(-7), stage: 'chase' })],
      execution: { endedStages: [{ stage: 'chase', at: '2027-01-10T09:00:00Z' }] },
      now: '2027-01-10T09:00:00Z',
    },
    says: 'Skipped: the stage "chase" ended on Sunday 10 January 2027 at 09:00.',
  },
  already_paid: {
    question: {
      steps: [email('a', { when: { anchor: 'payment_due:balance', offset: { days: -7 } } })],
      payments: [{ id: 'p', kind: 'balance', dueOn: '2027-05-01', status: 'succeeded' }],
    },
    says: 'Skipped: the balance is already paid.',
  },
  only_if: {
    question: {
      steps: [email('a', { when: wedding(-7), onlyIf: { field: 'client.custom.venue', is: 'Barn' } })],
      ledger: [recorded('a', DUE)],
      now: DUE,
    },
    says: 'Skipped: its condition on the couple\'s "venue" does not hold: nothing is known of the couple\'s "venue".',
  },
  repeat_ended: {
    question: {
      steps: [email('a', { when: wedding(-30), repeat: { every: { days: 7 }, times: 2, until: album } })],
      client: { tags: ['album'] },
    },
    says: 'Skipped: what it asks for has happened, so it is not repeated.',
  },
  past: {
    question: { ...late, steps: [email('a', { when: wedding(-30) })] },
    says: 'Skipped: its time, Thursday 13 May 2027 at 09:00, had already passed.',
  },
  missed_while_held: {
    question: {
      steps: [email('a', { when: wedding(-7) })],
      execution: { resumed: { since: '2027-06-04T08:00:00Z', at: '2027-06-06T08:00:00Z', late: 'skip' } },
      ledger: [recorded('a', DUE)],
      now: '2027-06-06T08:00:00Z',
    },
    says: 'Skipped: it fell due on Saturday 5 June 2027 at 09:00, while paused.',
  },
  past_useful: {
    question: {
      ...late,
      steps: [email('a', { when: { ...wedding(-30), ifPast: 'send_now', usefulUntil: { days: -14 } } })],
    },
    says: 'Skipped: it would go too late to be useful (until the end of Saturday 29 May 2027).',
  },
  superseded: {
    question: {
      ...late,
      steps: [
        email('a', { when: { ...wedding(-60), ifPast: 'latest' } }),
        email('b', { when: { ...wedding(-30), ifPast: 'latest' } }),
      ],
    },
    says: 'Skipped: "b" was due later and takes its place.',
  },
  suppressed: {
    question: { steps: [email('a', { when: wedding(-7) })], suppressions: [{ channel: 'email' }] },
    says: 'Skipped: the recipient has opted out of emails.',
  },
  no_consent: {
    question: { steps: [email('a', { when: wedding(-7), purpose: 'marketing' })] },
    says: 'Skipped: there is no consent to marketing messages by email.',
  },
  no_address: {
    question: {
      steps: [{ ...email('a', { when: wedding(-7) }), type: 'sms' }],
      contacts: [{ id: 'c', role: 'partner_1', email: 'a@example.com' }],
    },
    says: 'Skipped: there is no phone number to send it to.',
  },
  rejected: {
    question: {
      steps: [email('a', { when: wedding(-7), approval })],
      approvals: [{ key: 'a', decision: 'rejected', at: '2027-06-04T09:00:00Z' }],
      now: '2027-06-04T10:00:00Z',
    },
    says: 'Skipped: you said no on Friday 4 June 2027 at 10:00.',
  },
  not_approved: {
    question: {
      steps: [email('a', { when: wedding(-7), approval })],
      ledger: [recorded('a', DUE)],
      now: '2027-06-06T08:00:00Z',
    },
    says: 'Not sent: nobody approved it by Sunday 6 June 2027 at 09:00, so a task takes its place.',
  },
  if_missing: {
    question: { steps: [email('a', { when: { anchor: 'date:tasting', ifMissing: 'skip' } })] },
    says: 'Skipped: the date "tasting" is not known.',
  },
  never_came: {
    question: { steps: [email('a', { when: { anchor: 'event:gallery.delivered' } })], now: '2028-07-16T08:00:00Z' },
    says: 'Skipped: it waited in vain for the event "gallery.delivered".',
  },
  by_person: {
    question: {
      steps: [email('a', { when: wedding(-7) })],
      ledger: [recorded('a', DUE, { state: 'skipped', endedAt: BOOKED })],
    },
    says: 'Skipped by hand.',
  },
  other_arm: {
    question: {
      steps: [{ key: 'q', type: 'condition', test: album }, email('a', { in: { step: 'q', arm: 'yes' } })],
      ledger: [done('q', BOOKED, { outcome: 'no' })],
    },
    says: 'Does not apply: "q" went the other way.',
  },
  dependency_not_taken: {
    question: {
      steps: [
        { key: 'q', type: 'condition', test: album },
        email('y', { in: { step: 'q', arm: 'yes' } }),
        task('a', { when: { anchor: 'step:y' } }),
      ],
      ledger: [done('q', BOOKED, { outcome: 'no' })],
    },
    says: 'Does not apply: "y", from which it counts, did not happen.',
  },
  done: { question: { steps: [email('a', { when: wedding(-7) })], ledger: [done('a', DUE)], now: DUE }, says: 'Done.' },
  failed: {
    question: { steps: [email('a', { when: wedding(-7) })], ledger: [done('a', DUE, { state: 'failed' })], now: DUE },
    says: 'Could not be carried out.',
  },
  unknown: {
    question: {
      steps: [email('a', { when: wedding(-7) })],
      ledger: [recorded('a', DUE, { state: 'unknown' })],
      now: DUE,
    },
    says: 'Nobody knows yet whether it was sent: the answer was lost on the way.',
  },
};

describe('reasons', () => {
  test.each(Object.entries(EXAMPLES))('%s comes about and explains itself', (code, { question, at = 'a', says }) => {
    const step = line(ask(question), at);
    expect({ code: step.reason.code, says: explain(step) }).toEqual({ code, says });
    expect(reasonSchema.parse(step.reason)).toEqual(step.reason);
  });

  test('every code of the union has an example', () => {
    const codes = reasonSchema.options.map((option) => option.shape.code.value);
    expect(Object.keys(EXAMPLES).sort()).toEqual([...codes].sort());
  });

  test('a skip with several causes names the others besides', () => {
    const plan = ask({
      ...late,
      steps: [email('a', { when: wedding(-30), onlyIf: album, purpose: 'marketing' })],
    });
    expect(explain(line(plan, 'a'))).toBe(
      "Skipped: its condition on the couple's tags does not hold. (Besides: past, no consent.)",
    );
  });

  test('other steps are called by their names where these are known', () => {
    const plan = ask({ steps: [email('a', { when: wedding(-7) }), email('b', { when: { offset: { days: 1 } } })] });
    expect(explain(line(plan, 'b'), (key) => ({ a: 'Welcome' })[key] ?? key)).toBe('Waits for "Welcome" to finish.');
  });

  test.each([
    ['client.status', "the couple's status"],
    ['client.tags', "the couple's tags"],
    ['client.postponed', 'whether the wedding is postponed'],
    ['client.custom.venue', 'the couple\'s "venue"'],
    ['client.dates.tasting', 'the date "tasting"'],
    ['wedding.date', 'the wedding date'],
    ['wedding.daysAway', 'the time left to the wedding'],
    ['payment.second_half.status', 'the state of the second half'],
    ['form.menu.status', 'the form "menu"'],
    ['form.menu.answers.main', 'the answer to "main" in the form "menu"'],
    ['core.guest_count', '"guest_count" of the wedding'],
    ['consent.sms.marketing', 'the consent to marketing messages by text message'],
    ['contact.email', "the couple's email address"],
    ['trigger.form', '"form" of what started the journey'],
    ['step.q.outcome', 'the answer of "q"'],
    ['step.q.state', 'what became of "q"'],
    ['message.q.replied', 'the reply to "q"'],
    ['message.q.status', 'what became of "q"'],
  ])('a condition on %s is told in the words of a supplier', (field, words) => {
    const reason = { code: 'only_if', field } as const;
    expect(explain({ dueAt: null, local: null, zone: null, reason })).toBe(
      `Skipped: its condition on ${words} does not hold.`,
    );
  });

  test('a reason from an old ledger that lacks its details is still explained', () => {
    const plan = ask({
      steps: [email('a', { when: wedding(-7) })],
      ledger: [recorded('a', DUE, { state: 'skipped', endedAt: DUE, reason: { code: 'past' } })],
      now: DUE,
    });
    expect(explain(line(plan, 'a'))).toBe('Recorded: past.');
  });
});
