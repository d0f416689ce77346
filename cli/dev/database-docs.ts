import type { DescribedSchema, DescribedTable } from './read-schema.ts';

/** The tables of app by what they are about. A table that is in none of the areas is an error: it must be placed. */
const AREAS: readonly { title: string; about: string; tables: readonly string[] }[] = [
  {
    title: 'Organizations and their people',
    about: 'The tenant, its settings, its members, what it pays for and how other programs reach it.',
    tables: [
      'organizations',
      'organization_settings',
      'users',
      'user_profiles',
      'subscriptions',
      'api_keys',
      'integration_credentials',
      'idempotency_keys',
    ],
  },
  {
    title: 'Couples',
    about: "A client is a supplier's record of a couple; a couple is the couple's own account.",
    tables: [
      'clients',
      'client_contacts',
      'contact_links',
      'client_events',
      'consents',
      'suppressions',
      'couples',
      'couple_members',
      'couple_supplier_relationships',
    ],
  },
  {
    title: 'Forms and common fields',
    about: 'What couples are asked, what they answered, and the fields that all suppliers have in common.',
    tables: [
      'forms',
      'form_versions',
      'form_fields',
      'form_submissions',
      'form_links',
      'core_fields',
      'core_field_values',
      'core_field_history',
      'field_mappings',
      'field_completion_states',
    ],
  },
  {
    title: 'Journeys',
    about: 'Definitions, their versions, and every couple on its way through one.',
    tables: [
      'journeys',
      'journey_versions',
      'journey_steps',
      'journey_executions',
      'enrolment_batches',
      'journey_step_executions',
      'approvals',
      'holds',
      'tasks',
      'notifications',
      'team_mails',
      'outbox',
    ],
  },
  {
    title: 'Messages',
    about: 'Templates, messages in both directions, what providers told about them.',
    tables: [
      'communication_templates',
      'template_attachments',
      'content_approvals',
      'communications',
      'communication_events',
      'sending_days',
      'email_campaigns',
    ],
  },
  {
    title: 'Money',
    about: 'What couples owe and paid. Amounts are in the smallest unit of the currency.',
    tables: [
      'invoices',
      'invoice_counters',
      'payments',
      'payment_history',
      'payment_schedules',
      'stripe_payment_links',
    ],
  },
  {
    title: 'Other programs',
    about: 'What we tell them, and what they tell us.',
    tables: [
      'webhooks',
      'webhook_deliveries',
      'webhook_delivery_attempts',
      'webhook_events',
      'inbound_endpoints',
      'imports',
      'import_rows',
    ],
  },
  {
    title: 'Logs and privacy',
    about: 'What happened, for people and for the security of it; who asked for data or for their deletion.',
    tables: [
      'activities',
      'security_events',
      'data_retention_policies',
      'data_export_requests',
      'data_deletion_requests',
    ],
  },
];

const OTHER_SCHEMAS = [
  { schema: 'audit', title: 'Audit', about: 'Who changed what. Written by triggers, never changed, sealed.' },
  { schema: 'ops', title: 'Operations', about: 'The state of the database itself: migrations, health, alerts.' },
  {
    schema: 'compat',
    title: 'Other names',
    about:
      'Read-only views with names that other programs use for the same things. They run with the rights of who asks.',
  },
] as const;

/**
 * The reference of the database as Markdown, made of the catalogue alone: what it says is what there is.
 *
 * @throws where a table of app is in no area
 */
export function databaseDocs(schema: DescribedSchema): string {
  const placed = new Set(AREAS.flatMap((area) => area.tables));
  const homeless = schema.tables.filter((table) => table.schema === 'app' && isTable(table) && !placed.has(table.name));
  if (homeless.length > 0) {
    const names = homeless.map((table) => table.name).join(', ');
    throw new Error(`docs/database.md: ${names} is in no area. Place it in AREAS of cli/dev/database-docs.ts.`);
  }
  const inApp = (name: string): DescribedTable | undefined =>
    schema.tables.find((table) => table.schema === 'app' && table.name === name);
  const areas = AREAS.map(({ title, about, tables }) => {
    const found = tables.flatMap((name) => inApp(name) ?? []);
    return [`## ${title}`, about, diagram(found), ...found.map(tableText)].join('\n\n');
  });
  const views = schema.tables.filter((table) => table.schema === 'app' && !isTable(table));
  const others = OTHER_SCHEMAS.flatMap(({ schema: name, title, about }) => {
    const found = schema.tables.filter((table) => table.schema === name);
    if (found.length === 0) return [];
    return [[`## ${title}`, about, ...found.map(name === 'compat' ? viewText : tableText)].join('\n\n')];
  });
  return (
    [
      INTRODUCTION,
      ...areas,
      ['## Views', ...views.map(tableText)].join('\n\n'),
      ...others,
      ['## Functions', functionTable(schema)].join('\n\n'),
    ].join('\n\n') + '\n'
  );
}

const isTable = (table: DescribedTable): boolean => table.kind === 'table' || table.kind === 'partitioned table';

/** Who points to whom, within the area and out of it. */
function diagram(tables: readonly DescribedTable[]): string {
  const names = new Set(tables.map((table) => table.name));
  const lines = tables.flatMap((table) =>
    table.references
      .filter((reference) => reference.table !== 'users' || names.has('users'))
      .map(({ table: target, columns }) => `  ${target} ||--o{ ${table.name} : "${columns.join(', ')}"`),
  );
  const linked = new Set(lines.flatMap((line) => line.match(/[a-z_0-9]+/g) ?? []));
  const alone = tables.filter((table) => !linked.has(table.name)).map((table) => `  ${table.name}`);
  return ['```mermaid', 'erDiagram', ...new Set(lines), ...alone, '```'].join('\n');
}

function tableText(table: DescribedTable): string {
  const name = table.schema === 'app' ? table.name : `${table.schema}.${table.name}`;
  const rows = table.columns.map(
    (column) =>
      `| \`${column.name}\` | ${column.type}${column.nullable || !isTable(table) ? '' : ', needed'} | ${cell(column.comment)} |`,
  );
  const facts = [
    table.kind === 'table' ? '' : `A ${table.kind}.`,
    ...table.unique.map((key) => `${key.replace('UNIQUE', 'Unique:')}.`),
    table.decision === null
      ? ''
      : `Audit: ${table.decision.audit}. Kept: ${table.decision.retention}.${table.decision.personalData ? ' Personal data.' : ''}`,
  ].filter((fact) => fact !== '');
  return [
    `### ${name}`,
    cell(table.comment),
    ...(facts.length > 0 ? [facts.join(' ')] : []),
    ['| column | type | |', '|---|---|---|', ...rows].join('\n'),
  ].join('\n\n');
}

const viewText = (table: DescribedTable): string =>
  `### ${table.schema}.${table.name}\n\n${cell(table.comment)}\n\nColumns: ${table.columns.map((column) => `\`${column.name}\``).join(', ')}.`;

function functionTable(schema: DescribedSchema): string {
  const rows = schema.functions.map(
    ({ name, returns, comment, definer }) =>
      `| \`${cell(name)}\` | ${cell(returns)} | ${cell(comment)}${definer ? ' (with the owner’s rights)' : ''} |`,
  );
  return ['| function | gives | |', '|---|---|---|', ...rows].join('\n');
}

const cell = (text: string | null): string => (text ?? '').replaceAll('|', '\\|').replaceAll('\n', ' ');

const INTRODUCTION = `# Database

Made of the catalogue by \`wedsync db generate\`; \`npm run check\` fails where it differs. Change the migrations, not this page.

## How organizations are kept apart

Every table of \`app\` has row security, forced for its owner too. A transaction says whose it is with \`withTenant\`
(\`db/tenant.ts\`), and sees the rows of that organization only; without one it sees none. Foreign keys carry the
organization on both sides, and unique keys begin with it, so that a row of another organization cannot even be
referred to or guessed.

| role | sees |
|---|---|
| \`app_api\`, \`app_worker\`, \`app_readonly\` | the organization of the transaction |
| \`app_relay\` | the outbox and what came from other systems, of all organizations; nothing else of them |
| \`app_auth\` | logins and couples' accounts; whose an API key is |
| \`app_ops\` | the state of the database, through the functions of \`ops\` |
| \`app_migrator\` | may become \`app_owner\`, which owns everything and logs in nowhere |

**Its limit.** Row security is a net for a forgotten condition, not a wall against injected SQL: whoever can run any
statement as one of these roles can also choose the organization. Statements are therefore built with parameters only.

**Events.** Triggers write \`client_events\` and \`outbox\` in the transaction of whoever changed a row, so any program that
writes here sets journeys off.`;
