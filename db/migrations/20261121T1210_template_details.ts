import { run, type MigrationDatabase } from '../migrate/statements.ts';

/** What a template says about itself beside its words, so that one written to a file and read again is the same. */
export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `alter table app.communication_templates
       add column title text not null default '',
       add column form text,
       add column category text`,
    `comment on column app.communication_templates.title is 'What suppliers call it.'`,
    `comment on column app.communication_templates.form is 'Slug of the form that {{ form.url }} leads to.'`,
    `comment on column app.communication_templates.category is 'Of a WhatsApp template: the category it was approved in.'`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `alter table app.communication_templates
       drop column category, drop column form, drop column title`,
  );
}
