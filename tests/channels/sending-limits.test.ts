import { describe, expect, it } from 'vitest';

import { dayLimit, daysFrom, warmUpLimit } from '../../channels/sending-limits.ts';

describe('the warm-up of a new sender', () => {
  it('begins with 50 messages, grows by two fifths a day, and is over after 30 days', () => {
    const days = daysFrom('2027-01-04', 32).map((day) => warmUpLimit('2027-01-04', day));
    expect(days.slice(0, 4)).toEqual([50, 70, 98, 137]);
    expect(days.slice(29)).toEqual([864_337, null, null]);
    expect(warmUpLimit('2027-01-04', '2027-01-01')).toBe(50);
  });

  it('counts civil days, whatever the clocks do', () => {
    expect(daysFrom('2027-03-27', 3)).toEqual(['2027-03-27', '2027-03-28', '2027-03-29']);
    expect(warmUpLimit('2027-03-27', '2027-03-29')).toBe(98);
  });

  it('never lets more go than the daily limit', () => {
    expect(dayLimit({ dailyLimit: 60, warmUpOn: '2027-01-04' }, '2027-01-04')).toBe(50);
    expect(dayLimit({ dailyLimit: 60, warmUpOn: '2027-01-04' }, '2027-01-05')).toBe(60);
    expect(dayLimit({ dailyLimit: 60, warmUpOn: '2027-01-04' }, '2027-06-01')).toBe(60);
    expect(dayLimit({ warmUpOn: '2027-01-04' }, '2027-06-01')).toBeNull();
    expect(dayLimit({}, '2027-06-01')).toBeNull();
  });
});
