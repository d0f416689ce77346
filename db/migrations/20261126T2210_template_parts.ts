import { run, type MigrationDatabase } from '../migrate/statements.ts';

/** Parts of messages (header, footer, signature) stand beside the messages that put them in. */
export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `alter table app.communication_templates
       add constraint communication_templates_template_type_check check (template_type in ('journey', 'part'))`,
    `comment on column app.communication_templates.template_type is
       'journey: a message that steps name. part: header, footer, signature, which messages put in by name.'`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    'alter table app.communication_templates drop constraint communication_templates_template_type_check',
    'comment on column app.communication_templates.template_type is null',
  );
}
