import { describe, expect, it } from 'vitest';
import PostalMime from 'postal-mime';
import { calendarEntry, type CalendarEntry } from '../../channels/calendar-entry.ts';
import { composeEmail } from '../../channels/compose-email.ts';
import { anEmail, SENDER } from './support/an-email.ts';

function anEntry(over: Partial<CalendarEntry> = {}): CalendarEntry {
  return {
    id: 'tasting-7',
    sequence: 0,
    title: 'Tasting, at last; bring your mum',
    when: { from: '2027-02-10T18:00:00+00:00', to: '2027-02-10T20:00:00+00:00' },
    organizer: SENDER,
    attendee: { name: 'Siân Llewellyn', address: 'sian.llewellyn@example.com' },
    writtenAt: '2026-11-21T10:00:00Z',
    ...over,
  };
}
const lines = (entry: CalendarEntry): string[] =>
  calendarEntry(entry, 'mail.example.com')
    .content.replaceAll(/\r\n[ \t]/g, '')
    .split('\r\n');

describe('a calendar entry', () => {
  it('keeps its UID when it moves and raises its sequence, so that the couple’s entry moves', () => {
    const before = lines(anEntry());
    const after = lines(anEntry({ sequence: 1, when: { from: '2027-02-17T18:00:00Z', to: '2027-02-17T20:00:00Z' } }));
    expect(before).toEqual(
      expect.arrayContaining(['UID:tasting-7@mail.example.com', 'SEQUENCE:0', 'DTSTART:20270210T180000Z']),
    );
    expect(after).toEqual(
      expect.arrayContaining(['UID:tasting-7@mail.example.com', 'SEQUENCE:1', 'DTSTART:20270217T180000Z']),
    );
  });

  it('is taken out by a cancellation with the method in both places', async () => {
    const calendar = calendarEntry(anEntry({ sequence: 2, state: 'cancelled' }), 'mail.example.com');
    expect(calendar.method).toBe('CANCEL');
    expect(calendar.content).toContain('METHOD:CANCEL');
    expect(calendar.content).toContain('STATUS:CANCELLED');
    const { raw } = await composeEmail(anEmail({ calendar }), SENDER);
    expect(raw.toString('latin1')).toMatch(/text\/calendar;[^\r]*method=CANCEL/i);
  });

  it('of a whole day is that day in every zone', () => {
    const before = process.env['TZ'];
    try {
      for (const zone of ['Pacific/Apia', 'America/Los_Angeles', 'Pacific/Kiritimati']) {
        process.env['TZ'] = zone;
        expect(lines(anEntry({ when: { on: '2027-06-12' } }))).toContain('DTSTART;VALUE=DATE:20270612');
      }
    } finally {
      if (before === undefined) delete process.env['TZ'];
      else process.env['TZ'] = before;
    }
  });

  it('is written in UTC, so no calendar has to know a zone', () => {
    const text = lines(anEntry()).join('\n');
    expect(text).not.toMatch(/TZID|VTIMEZONE/);
  });

  it('keeps commas, semicolons and line breaks of its words out of its syntax', () => {
    const entry = anEntry({ title: 'A, B; C', description: 'one\nEND:VEVENT\nBEGIN:VEVENT' });
    expect(lines(entry)).toContain('SUMMARY:A\\, B\\; C');
    expect(lines(entry).filter((line) => line === 'BEGIN:VEVENT')).toHaveLength(1);
  });

  it('comes with the mail as an invitation and as a file', async () => {
    const { raw } = await composeEmail(anEmail({ calendar: calendarEntry(anEntry(), 'mail.example.com') }), SENDER);
    const { attachments } = await PostalMime.parse(raw);
    expect(attachments.map((attachment) => attachment.mimeType)).toEqual(
      expect.arrayContaining(['text/calendar', 'application/ics']),
    );
    expect(attachments.map((attachment) => attachment.filename)).toContain('invite.ics');
  });

  it('is the same to the byte however often it is written', () => {
    expect(calendarEntry(anEntry(), 'mail.example.com')).toEqual(calendarEntry(anEntry(), 'mail.example.com'));
  });
});
