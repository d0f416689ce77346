import { sealSecret } from '../../channels/webhook/sealed-secret.ts';
import { generateSigningKey } from '../../channels/webhook/signing-key.ts';
import { withTenant } from '../../db/tenant.ts';
import { addDelivery, type DeliveryRef } from '../../db/webhook-deliveries.ts';
import { addWebhook } from '../../db/webhooks.ts';
import type { TestDatabase } from '../support/postgres.ts';
import { testKeyRing } from '../support/temporal.ts';

let count = 0;

/** An organization with one webhook endpoint at `url`. */
export async function createEndpoint(
  db: TestDatabase,
  url: string,
  options: { events?: string[]; isOrdered?: boolean; organizationId?: string } = {},
) {
  count += 1;
  const organizationId = options.organizationId ?? (await createOrganization(db));
  const secret = generateSigningKey('hmac');
  const name = `endpoint ${count}`;
  const webhook = await withTenant(db.api, { organizationId, actor: 'test' }, (trx) =>
    addWebhook(trx, {
      name,
      url,
      events: options.events ?? ['*'],
      signature: 'hmac',
      secret: sealSecret(secret, organizationId, testKeyRing),
      secretKeyId: testKeyRing.current.id,
      headers: null,
      isOrdered: options.isOrdered ?? false,
    }),
  );
  const webhookId = webhook?.id ?? '';
  return {
    organizationId,
    webhookId,
    name,
    secret,
    /** Writes a delivery as a trigger does. */
    async deliver(key: string, clientId?: string): Promise<DeliveryRef> {
      const payload = { type: 'step.done', timestamp: '2026-11-20T10:00:00Z', data: { key } };
      const deliveryId = await withTenant(db.worker, { organizationId, actor: 'test' }, (trx) =>
        addDelivery(trx, { target: { webhookId }, eventType: 'step.done', payload, idempotencyKey: key, clientId }),
      );
      return { organizationId, deliveryId, run: 0 };
    },
  };
}

export async function createOrganization(db: TestDatabase): Promise<string> {
  count += 1;
  const [row] = await db.query<{ id: string }>(
    `insert into app.organizations (name, slug, timezone) values ('Wildflower', $1, 'Europe/London') returning id`,
    [`hooks-${count}-${process.pid}`],
  );
  return row?.id ?? '';
}

/** A person who owns an organization, by their login. */
export async function addOwner(db: TestDatabase, organizationId: string, email: string): Promise<string> {
  const [row] = await db.query<{ id: string }>(
    `with u as (insert into app.users (email) values ($2) returning id)
     insert into app.user_profiles (organization_id, user_id, role, first_name, last_name)
     select $1, id, 'OWNER', 'Olive', 'Owner' from u returning user_id as id`,
    [organizationId, email],
  );
  return row?.id ?? '';
}
