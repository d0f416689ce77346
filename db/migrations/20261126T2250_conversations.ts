import { literal, run, type MigrationDatabase } from '../migrate/statements.ts';

export async function up(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `alter table app.organization_settings add column conversation_guard_hours integer not null default 24,
       add constraint organization_settings_conversation_guard_hours_check
         check (conversation_guard_hours between 0 and 720)`,
    `comment on column app.organization_settings.conversation_guard_hours is
       ${literal('For so long after a couple wrote, service and marketing messages to it are held, so that a person can answer first; 0: never.')}`,
    `alter table app.holds add column purposes text[],
       add column cause text not null default 'person',
       add constraint holds_purposes_check
         check (purposes <@ '{transactional,service,marketing}'::text[] and cardinality(purposes) > 0),
       add constraint holds_cause_check check (cause in ('person', 'conversation')),
       add constraint holds_conversation_check
         check (cause <> 'conversation' or (scope = 'client' and purposes is not null and until is not null))`,
    `comment on column app.holds.purposes is 'Only messages of these purposes are held; NULL: every step.'`,
    `comment on column app.holds.cause is 'conversation: the couple wrote, and a person should answer first.'`,
    // One conversation at a time: what the couple writes meanwhile makes it longer.
    `create unique index holds_conversation_key on app.holds (organization_id, client_id)
       where cause = 'conversation' and released_at is null`,
    `alter table app.communication_templates
       add column content_sid text,
       add column content_variables jsonb not null default '{}',
       add column calendar text,
       add constraint communication_templates_content_check
         check (content_sid is null or (channel = 'whatsapp' and content_sid ~ '^HX[0-9a-fA-F]{32}$')),
       add constraint communication_templates_content_variables_check
         check (jsonb_typeof(content_variables) = 'object'),
       add constraint communication_templates_calendar_check
         check (calendar is null or (channel = 'email' and calendar = 'wedding'))`,
    `comment on column app.communication_templates.content_sid is
       ${literal("Twilio's id of the approved template, the only form that goes outside the 24 hours after the person wrote.")}`,
    `comment on column app.communication_templates.content_variables is
       ${literal('What stands for each number in the approved template, in Liquid: {"1": "{{ recipient.firstName }}"}.')}`,
    `comment on column app.communication_templates.calendar is
       ${literal('wedding: the mail carries a calendar entry of the wedding day.')}`,
  );
}

export async function down(db: MigrationDatabase): Promise<void> {
  await run(
    db,
    `alter table app.communication_templates drop column calendar, drop column content_variables, drop column content_sid`,
    `drop index app.holds_conversation_key`,
    `alter table app.holds drop column cause, drop column purposes`,
    `alter table app.organization_settings drop column conversation_guard_hours`,
  );
}
