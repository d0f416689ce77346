import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { sql } from 'kysely';
import { Temporal } from 'temporal-polyfill';
import { parse } from 'yaml';
import { insertClient, insertPayment } from '../../../db/clients.ts';
import { openDatabase, type Database } from '../../../db/database.ts';
import { publishJourneyVersion, saveJourneyDraft } from '../../../db/journeys.ts';
import { withTenant, type Trx } from '../../../db/tenant.ts';
import { parseDefinition, type JourneyDefinition } from '../../../journeys/definition.ts';
import { publishForm } from '../../../services/forms/publish-form.ts';
import { importTemplates, type CheckedTemplate } from '../../../services/templates/import-templates.ts';
import { checkFiles, templateFiles } from '../../input/template-files.ts';
import { readDemoCouples, type DemoCouple } from './couples.ts';
import { DEMO_ORGANIZATIONS, type DemoOrganization } from './organizations.ts';

const ACTOR = 'system:demo';
const JOURNEYS = new URL('../../../journeys/starters/', import.meta.url);
const FORMS = new URL('forms/', JOURNEYS);
const TEMPLATES = new URL('templates/', JOURNEYS);

/**
 * How long ago a supplier's booked couples booked, in seconds. A welcome goes an hour after the booking: the first one
 * within seconds of the start, a few more in the minutes after it, then one every five minutes.
 */
const bookedSecondsAgo = (place: number): number =>
  [3598, 3540, 3480, 3390, 3300, 3180][place] ?? Math.max(60, 3300 - 300 * (place - 5));

/** The same of those who have only asked; the answer to an enquiry goes ten minutes after it. */
const askedSecondsAgo = (place: number): number => Math.max(30, 570 - 75 * place);

/**
 * Fills an empty database with three suppliers, their journeys and templates, and 60 couples. A supplier that is there
 * already is left alone, so a second start changes nothing; each comes whole or not at all.
 *
 * @param adminUrl the administrator: organizations are no tenant's to create
 */
export async function seedDemo({ adminUrl }: { adminUrl: string }, note: (text: string) => void): Promise<void> {
  const url = new URL(adminUrl);
  url.searchParams.set('options', '-c search_path=app');
  const database = openDatabase({ url: url.toString(), applicationName: 'wedsync demo', poolSize: 1 });
  try {
    const missing = await withoutSeeded(database);
    if (missing.length === 0) return;
    const materials = await readMaterials();
    const couples = await readDemoCouples(Temporal.Now.plainDateISO().toString());
    for (const organization of missing) {
      const share = shareOf(organization, couples);
      await seedOrganization(database, organization, share, materials);
      note(`${organization.name} with ${share.length} couples`);
    }
  } finally {
    await database.close();
  }
}

async function withoutSeeded(database: Database): Promise<DemoOrganization[]> {
  const slugs = DEMO_ORGANIZATIONS.map((organization) => organization.slug);
  const known = await withTenant(database, { organizationId: crypto.randomUUID(), actor: ACTOR }, (trx) =>
    trx.selectFrom('organizations').select('slug').where('slug', 'in', slugs).execute(),
  );
  return DEMO_ORGANIZATIONS.filter(({ slug }) => known.every((one) => one.slug !== slug));
}

/**
 * The photographer has those who took the full-day collection and everybody who has not booked; the caterer and the
 * venue share the others.
 */
function shareOf(organization: DemoOrganization, couples: readonly DemoCouple[]): DemoCouple[] {
  const photographed = ({ status, tags }: DemoCouple): boolean => status !== 'booked' || tags.includes('full_day');
  const mine = couples.filter((couple) => photographed(couple) === (organization.businessType === 'photographer'));
  const half = { photographer: undefined, caterer: 0, venue: 1 }[organization.businessType];
  return half === undefined ? mine : mine.filter((_, place) => place % 2 === half);
}

interface Materials {
  readonly journeys: ReadonlyMap<string, JourneyDefinition>;
  readonly templates: readonly CheckedTemplate[];
  readonly forms: ReadonlyMap<string, unknown>;
}

async function seedOrganization(
  database: Database,
  organization: DemoOrganization,
  couples: readonly DemoCouple[],
  materials: Materials,
): Promise<void> {
  const organizationId = crypto.randomUUID();
  await withTenant(database, { organizationId, actor: ACTOR }, async (trx) => {
    await trx
      .insertInto('organizations')
      .values({
        id: organizationId,
        slug: organization.slug,
        name: organization.name,
        business_type: organization.businessType,
        timezone: organization.zone,
        settings: JSON.stringify(settingsOf(organization)),
      })
      .execute();
    await trx.insertInto('organization_settings').values({ organization_id: organizationId }).execute();
    await insertOwner(trx, organizationId, organization);
    // From here on as any program would, within row security: the administrator would see every supplier's rows.
    await sql`set local role app_api`.execute(trx);
    await importTemplates(trx, materials.templates);
    for (const [slug, form] of materials.forms) {
      const published = await publishForm(trx, slug, form);
      if (!published.ok)
        throw new Error(`The starter form ${slug} is invalid: ${published.problems[0]?.message ?? ''}`);
    }
    for (const file of organization.journeys) {
      const definition = materials.journeys.get(file);
      if (!definition) throw new Error(`The demo has no journey ${file}.yaml.`);
      const journeyId = await saveJourneyDraft(trx, { definition });
      if (journeyId !== null) await publishJourneyVersion(trx, { journeyId, definition });
    }
    const [booked, asked]: [string[], string[]] = [[], []];
    for (const couple of couples) {
      const clientId = await insertCouple(trx, organizationId, couple);
      if (couple.status === 'booked') {
        if (couple.wedding_date)
          await insertPayments(trx, organizationId, clientId, couple.wedding_date, booked.length);
        booked.push(clientId);
      } else if (couple.status === 'lead') asked.push(clientId);
    }
    await sql`reset role`.execute(trx);
    for (const [place, clientId] of booked.entries()) await dateBack(trx, clientId, bookedSecondsAgo(place));
    for (const [place, clientId] of asked.entries()) await dateBack(trx, clientId, askedSecondsAgo(place));
  });
}

function settingsOf({ slug, phone, owner }: DemoOrganization): Record<string, unknown> {
  const site = `https://${slug}.example.com`;
  return {
    phone,
    email: owner.email,
    senderName: owner.firstName,
    links: {
      preferences: `${site}/preferences`,
      unsubscribe: `${site}/unsubscribe`,
      portal: `${site}/portal`,
      calendar: `${site}/calendar`,
      review: `${site}/review`,
      gallery: `${site}/gallery`,
      document: `${site}/document`,
    },
  };
}

async function insertOwner(trx: Trx, organizationId: string, { owner }: DemoOrganization): Promise<void> {
  const user = await trx.insertInto('users').values({ email: owner.email }).returning('id').executeTakeFirstOrThrow();
  await trx
    .insertInto('user_profiles')
    .values({
      organization_id: organizationId,
      user_id: user.id,
      role: 'OWNER',
      first_name: owner.firstName,
      last_name: owner.lastName,
    })
    .execute();
}

async function insertCouple(trx: Trx, organizationId: string, couple: DemoCouple): Promise<string> {
  return insertClient(
    trx,
    {
      organization_id: organizationId,
      partner_1_name: couple.partner_1_name,
      partner_2_name: couple.partner_2_name ?? '',
      status: couple.status,
      wedding_date: couple.wedding_date ?? null,
      wedding_time: couple.wedding_time ?? null,
      wedding_timezone: couple.zone ?? null,
      venue: couple.venue ?? null,
      guest_count: couple.guest_count ?? null,
      tags: couple.tags,
    },
    [
      {
        role: 'partner_1',
        name: couple.partner_1_name,
        ...optional('email', couple.email),
        ...optional('phone', couple.phone),
        isPrimary: true,
      },
      ...(couple.partner_2_email && couple.partner_2_name
        ? [{ role: 'partner_2', name: couple.partner_2_name, email: couple.partner_2_email }]
        : []),
    ],
  );
}

/**
 * A deposit and a balance a month before the wedding, where there is that much time. The first deposit is due in eight
 * days and asked for tomorrow, the next one a day later, and so on.
 */
async function insertPayments(
  trx: Trx,
  organizationId: string,
  clientId: string,
  weddingOn: string,
  place: number,
): Promise<void> {
  const depositOn = Temporal.Now.plainDateISO().add({ days: 8 + place });
  const balanceOn = Temporal.PlainDate.from(weddingOn).subtract({ days: 30 });
  if (Temporal.PlainDate.compare(depositOn, balanceOn) >= 0) return;
  for (const [kind, dueOn, amount] of [
    ['deposit', depositOn, 50_000],
    ['balance', balanceOn, 145_000],
  ] as const) {
    await insertPayment(trx, {
      organization_id: organizationId,
      client_id: clientId,
      kind,
      amount,
      currency: 'GBP',
      due_on: dueOn.toString(),
      metadata: JSON.stringify({ reference: `WS-${clientId.slice(0, 8)}`, url: `https://pay.example.com/${kind}` }),
    });
  }
}

const optional = <Key extends string>(key: Key, value: string | undefined): Partial<Record<Key, string>> =>
  value === undefined ? {} : ({ [key]: value } as Partial<Record<Key, string>>);

/** The demo's couples did not all book this second: what their rows set off is dated back to their booking. */
async function dateBack(trx: Trx, clientId: string, secondsAgo: number): Promise<void> {
  await sql`update app.client_events set occurred_at = now() - make_interval(secs => ${secondsAgo}) where client_id = ${clientId}`.execute(
    trx,
  );
  await sql`update app.outbox set occurred_at = now() - make_interval(secs => ${secondsAgo}) where client_id = ${clientId}`.execute(
    trx,
  );
}

async function readMaterials(): Promise<Materials> {
  const journeys = new Map<string, JourneyDefinition>();
  for (const file of (await readdir(JOURNEYS)).filter((name) => name.endsWith('.yaml'))) {
    const parsed = parseDefinition(parse(await readFile(new URL(file, JOURNEYS), 'utf8')));
    if (!parsed.ok) throw new Error(`The starter journey ${file} is invalid: ${parsed.problems[0]?.message ?? ''}`);
    journeys.set(file.replace('.yaml', ''), parsed.definition);
  }
  const files = await checkFiles(await templateFiles([fileURLToPath(TEMPLATES)]));
  const templates = files.map(({ file, name, source, check, attachments }): CheckedTemplate => {
    if (source === undefined) throw new Error(`The starter template ${file} is invalid.`);
    return { name, source, check, attachments };
  });
  const forms = new Map<string, unknown>();
  for (const file of await readdir(FORMS)) {
    forms.set(file.replace('.yaml', ''), parse(await readFile(new URL(file, FORMS), 'utf8')));
  }
  return { journeys, templates, forms };
}
