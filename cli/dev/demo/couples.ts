import { readFile } from 'node:fs/promises';
import { parse } from 'csv-parse/sync';
import { Temporal } from 'temporal-polyfill';
import { z } from 'zod';

const optional = z.string().transform((text) => (text === '' ? undefined : text));

const rowSchema = z.object({
  partner_1_name: z.string().min(1),
  partner_2_name: optional,
  email: optional,
  partner_2_email: optional,
  phone: optional,
  wedding_date: optional,
  wedding_time: optional,
  zone: optional,
  status: z
    .enum(['', 'lead', 'booked', 'married', 'cancelled', 'archived'])
    .transform((status) => (status === '' ? 'lead' : status)),
  tags: z.string().transform((tags) => tags.split('|').filter((tag) => tag !== '')),
  venue: optional,
  guest_count: z.string().transform((count) => (count === '' ? undefined : Number(count))),
});

/** A row of couples.csv. */
export type DemoCouple = z.infer<typeof rowSchema>;

/** The day on which couples.csv was written: its weddings lie from a few weeks to two years after it. */
const WRITTEN_ON = '2026-11-21';

/**
 * The couples of the demo, their weddings moved by whole weeks so that they lie as far ahead today as on the day the
 * file was written, and on the same day of the week.
 *
 * @param today civil date `YYYY-MM-DD`
 */
export async function readDemoCouples(today: string): Promise<DemoCouple[]> {
  const text = await readFile(new URL('couples.csv', import.meta.url), 'utf8');
  const rows = z.array(rowSchema).parse(parse(text, { columns: true, skip_empty_lines: true }));
  const weeks = Math.max(
    0,
    Math.floor(Temporal.PlainDate.from(WRITTEN_ON).until(today, { largestUnit: 'days' }).days / 7),
  );
  return rows.map((row) => ({
    ...row,
    wedding_date: row.wedding_date && Temporal.PlainDate.from(row.wedding_date).add({ weeks }).toString(),
  }));
}
