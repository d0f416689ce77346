/** Statements of a trigger that tells the journeys what a statement did: one call per statement, however many rows. */
export interface EventTrigger {
  /** Name of the trigger and of its function in app. */
  readonly name: string;
  readonly table: string;
  /** What runs per kind of statement; the rows are `new_rows` and `old_rows`. */
  readonly on: Readonly<Partial<Record<'insert' | 'update' | 'delete', string>>>;
}

const ROWS = {
  insert: 'new table as new_rows',
  update: 'old table as old_rows new table as new_rows',
  delete: 'old table as old_rows',
} as const;

/**
 * Creates the function and a statement trigger per kind. Transition tables instead of a row trigger: moving the dates of
 * ten thousand couples writes all outbox rows in one statement.
 *
 * The function runs as the owner, because nobody else may write the outbox. It writes the organization of the row it
 * was called for, whatever the caller's context.
 */
export function createEventTrigger(trigger: EventTrigger): string[] {
  const kinds = Object.entries(trigger.on);
  const branches = kinds.map(
    ([kind, text], index) => `${index === 0 ? 'if' : 'elsif'} tg_op = '${kind.toUpperCase()}' then\n${text.trim()}`,
  );
  return [
    `create function app.${trigger.name}() returns trigger language plpgsql security definer
       set search_path = pg_catalog, pg_temp as $body$
begin
${branches.join('\n')}
end if;
return null;
end $body$`,
    // Trigger functions are called by the system; nobody needs the right to call them.
    `revoke all on function app.${trigger.name}() from public`,
    ...kinds.map(
      ([kind]) => `create trigger ${trigger.name}_${kind} after ${kind} on app.${trigger.table}
         referencing ${ROWS[kind as keyof typeof ROWS]}
         for each statement execute function app.${trigger.name}()`,
    ),
  ];
}

export function dropEventTrigger(trigger: EventTrigger): string[] {
  return [
    ...Object.keys(trigger.on).map((kind) => `drop trigger ${trigger.name}_${kind} on app.${trigger.table}`),
    `drop function app.${trigger.name}()`,
  ];
}
