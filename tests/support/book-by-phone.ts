import type { Supplier, World } from './world.ts';

/** Books a couple that is reached by telephone and, where an address is given, by mail; in one statement. */
export async function bookByPhone(
  { db }: Pick<World, 'db'>,
  { organizationId }: Supplier,
  phone: string,
  email: string | null = null,
): Promise<string> {
  const [client] = await db.query<{ id: string }>(
    `with client as (
       insert into app.clients (organization_id, partner_1_name, partner_2_name, status, wedding_date, wedding_timezone)
       values ($1, 'Ana Lopez', 'Ben Hill', 'booked', '2030-06-15', 'Europe/London') returning organization_id, id
     ), contact as (
       insert into app.client_contacts (organization_id, client_id, role, name, contact_type, contact_value, is_primary)
       select organization_id, id, 'partner_1', 'Ana Lopez', reached.type, reached.by, true
         from client, (values ('phone', $2), ('email', $3)) reached (type, by) where reached.by is not null
     )
     select id from client`,
    [organizationId, phone, email],
  );
  return client?.id ?? '';
}
