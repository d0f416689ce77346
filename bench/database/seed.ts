import type { Client } from 'pg';

export interface Seeded {
  /** The organization with many more couples than the others, then the rest. */
  organizations: { id: string; journeyId: string; clientIds: string[] }[];
}

/** As the promise is made: 1,000 organizations, 10,000 couples, 500,000 step executions, 1,000,000 messages. */
export const SIZE = { organizations: 1_000, couples: 10_000, steps: 500_000, messages: 1_000_000 } as const;

/** One organization has this many of the couples, the others about ten each: a large venue among small suppliers. */
const LARGEST = 250;

/**
 * Fills a migrated database. Triggers and foreign keys are off meanwhile (the rows are made to fit), so that it takes
 * a minute instead of an hour; statistics are gathered afterwards, as they are in a database that grew.
 */
export async function seedDatabase(client: Client, say: (message: string) => void): Promise<Seeded> {
  await client.query(`set session_replication_role = replica`);
  await client.query(`set synchronous_commit = off`);
  for (const [what, statement] of STATEMENTS) {
    say(what);
    await client.query(statement);
  }
  await client.query(`set session_replication_role = origin`);
  say('statistics');
  await client.query('vacuum (analyze)');
  const { rows } = await client.query<Seeded['organizations'][number]>(`
    select o.id, (select j.id from app.journeys j where j.organization_id = o.id limit 1) as "journeyId",
           array_agg(c.id::text order by c.id) as "clientIds"
      from app.organizations o join app.clients c on c.organization_id = o.id
     group by o.id order by count(*) desc, o.id`);
  return { organizations: rows };
}

/** Deterministic ids: a kind and a number. */
const id = (kind: string, n: string): string => `md5('${kind}' || ${n})::uuid`;
/** The first organization has the first LARGEST couples, the others share the rest. */
const organizationOf = (n: string): string =>
  `(case when ${n} <= ${LARGEST} then 1 else 2 + ${n} % ${SIZE.organizations - 1} end)`;

const perCouple = SIZE.steps / SIZE.couples;
const messagesPerCouple = SIZE.messages / SIZE.couples;

const STATEMENTS: readonly [string, string][] = [
  [
    'organizations',
    `insert into app.organizations (id, name, slug) select ${id('o', 'n')}, 'Supplier ' || n, 'supplier-' || n
       from generate_series(1, ${SIZE.organizations}) n;
     insert into app.organization_settings (organization_id) select id from app.organizations;
     insert into app.journeys (id, organization_id, name, status, published_version)
       select ${id('j', 'n')}, ${id('o', 'n')}, 'Full day', 'active', 1 from generate_series(1, ${SIZE.organizations}) n;
     insert into app.journey_versions (id, organization_id, journey_id, version, definition, definition_sha256)
       select ${id('v', 'n')}, ${id('o', 'n')}, ${id('j', 'n')}, 1, '{}', sha256('')
         from generate_series(1, ${SIZE.organizations}) n;
     insert into app.communication_templates (id, organization_id, name, channel, subject_template, content_template)
       select ${id('t', 'n')}, ${id('o', 'n')}, 'welcome', 'email', 'Welcome', 'Hello {{ client.partner_1_name }}'
         from generate_series(1, ${SIZE.organizations}) n`,
  ],
  [
    'couples',
    `insert into app.clients (id, organization_id, partner_1_name, partner_2_name, status, wedding_date, created_at)
       select ${id('c', 'n')}, ${id('o', organizationOf('n'))},
              (array['Niamh', 'Zoë', 'Priya', 'Hannah', 'Mei', 'Aoife', 'Lucia', 'Grace'])[1 + n % 8] || ' ' || n,
              (array['Tomasz', 'Callum', 'Sam', 'Oluwaseun', 'Rhys', 'Marco'])[1 + n % 6] || ' ' || n,
              'booked', current_date + (n * 7919 % 700) - 200, now() - make_interval(days => n % 400)
         from generate_series(1, ${SIZE.couples}) n;
     insert into app.client_contacts (organization_id, client_id, contact_type, contact_value, value_normalized, is_primary)
       select ${id('o', organizationOf('n'))}, ${id('c', 'n')}, 'email', 'c' || n || '@example.com',
              'c' || n || '@example.com', true from generate_series(1, ${SIZE.couples}) n;
     insert into app.payments (organization_id, client_id, kind, amount, status, due_on)
       select ${id('o', organizationOf('n'))}, ${id('c', 'n')}, kind, 50000, status, current_date + (n % 300)
         from generate_series(1, ${SIZE.couples}) n, (values ('deposit', 'succeeded'), ('balance', 'pending')) p (kind, status);
     insert into app.tasks (organization_id, client_id, title, due_at)
       select ${id('o', organizationOf('n'))}, ${id('c', 'n')}, 'Call them', now() + make_interval(days => n % 60 - 5)
         from generate_series(1, ${SIZE.couples}) n`,
  ],
  [
    'executions',
    `insert into app.journey_executions (id, organization_id, journey_id, journey_version_id, client_id, trigger_event,
         status, next_action_at, steps_total)
       select ${id('e', 'n')}, ${id('o', organizationOf('n'))}, ${id('j', organizationOf('n'))},
              ${id('v', organizationOf('n'))}, ${id('c', 'n')}, 'client.booked', 'active',
              now() + make_interval(days => n % 90), ${perCouple}
         from generate_series(1, ${SIZE.couples}) n`,
  ],
  [
    'step executions',
    `insert into app.journey_step_executions (id, organization_id, execution_id, step_key, step_type, state, due_at,
         planned_at, scheduled_for, local_time, time_zone, started_at, ended_at, reason)
       select ${id('s', `n || '/' || k`)}, ${id('o', organizationOf('n'))}, ${id('e', 'n')}, 'step_' || k, 'email',
              case when k <= 30 then 'done' else 'planned' end, at, now(), at, '2027-01-01T09:00', 'Europe/London',
              case when k <= 30 then at end, case when k <= 30 then at end, '{"code":"on_time"}'
         from generate_series(1, ${SIZE.couples}) n, generate_series(1, ${perCouple}) k,
              lateral (select now() + make_interval(days => (k - 30) * 7 + n % 7, mins => n % 600) as at) d`,
  ],
  [
    'messages',
    `insert into app.communications (organization_id, client_id, execution_id, step_execution_id, template_id, step_key,
         occurrence, idempotency_key, type, direction, recipient, subject, content, status, local_on, sent_at, created_at)
       select ${id('o', organizationOf('n'))}, ${id('c', 'n')}, ${id('e', 'n')},
              ${id('s', `n || '/' || k % 30 + 1`)}, ${id('t', organizationOf('n'))},
              'step_' || (k % 30 + 1), 1, n || '/' || k, 'email', 'outbound', 'c' || n || '@example.com',
              'About your wedding', repeat('Dear both, ', 20), case when k % 50 = 0 then 'bounced' else 'delivered' end,
              at::date, at, at
         from generate_series(1, ${SIZE.couples}) n, generate_series(1, ${messagesPerCouple}) k,
              lateral (select now() - make_interval(days => k * 4, mins => n % 1440) as at) d`,
  ],
];
