import { sql, type RawBuilder } from 'kysely';

import type { ApprovalStatus } from './domain.ts';
import type { Trx } from './tenant.ts';

/** A template as it stands in the table, ready to be rendered. */
export interface MessageTemplate {
  readonly id: string;
  readonly channel: 'email' | 'sms' | 'whatsapp';
  readonly locale: string;
  readonly subject: string | null;
  /** Compiled HTML of a mail, or the text. */
  readonly body: string;
  /** Of the couple's own link to the form that the template names; null where it names none that is published. */
  readonly formToken: string | null;
  /** Twilio's id of the approved WhatsApp template. */
  readonly contentSid: string | null;
  /** What WhatsApp last said about it; null: never asked. */
  readonly approval: { readonly status: ApprovalStatus; readonly reason: string | null } | null;
  /** What stands for each of its numbers, in Liquid. */
  readonly contentVariables: Readonly<Record<string, string>>;
  /** Which calendar entry the mail carries. */
  readonly calendar: 'wedding' | null;
  /** Whether files come with it; `loadAttachments` has them. */
  readonly hasAttachments: boolean;
}

/** How the organization's messages leave on this channel. */
export interface MessageIdentity {
  /** What is no secret; channels/sender-settings.ts. */
  readonly settings: unknown;
  /** The secrets, sealed, in base64; null where there are none. */
  readonly sealed: string | null;
}

/** What a message is made of: the template, and the rows that its variables come from. */
export interface MessageSource {
  readonly template: MessageTemplate | null;
  /** Header, footer, signature and the like, which templates of this channel put in by name. */
  readonly parts: Readonly<Record<string, string>>;
  /** What a person wrote for this couple instead of the template's words. */
  readonly edited: { readonly subject: string | null; readonly content: string | null } | null;
  readonly client: {
    readonly partner1Name: string;
    readonly partner2Name: string;
    readonly weddingOn: string | null;
    readonly venue: string | null;
    readonly guestCount: number | null;
    readonly dates: Readonly<Record<string, string>>;
    readonly metadata: Readonly<Record<string, unknown>>;
    /** One more with every change of the row. */
    readonly version: number;
  };
  /** Null: the platform's own sender is used as it is. */
  readonly identity: MessageIdentity | null;
  /** Whether messages through the platform's account at the provider are counted. */
  readonly isProviderLimited: boolean;
  /** When the couple last wrote to us by WhatsApp, by the address that wrote. */
  readonly lastWrote: Readonly<Record<string, string>>;
  readonly organization: {
    readonly name: string;
    readonly locale: string;
    readonly settings: Readonly<Record<string, unknown>>;
    readonly ownerName: string | null;
  };
  /** Names of the contacts by id. */
  readonly contactNames: Readonly<Record<string, string | null>>;
  readonly paymentDetails: Readonly<Record<string, { readonly reference?: string; readonly url?: string }>>;
}

/**
 * Loads what one message is made of, in one statement. Of several templates of that name the recipient's language
 * comes first (of the same country where it is there), then the organization's, then any; of one language the newest
 * version that is in use. The same holds for each of its parts.
 *
 * @param locale BCP 47 of the recipient, where known
 */
export async function loadMessage(
  trx: Trx,
  wanted: {
    clientId: string;
    template: string;
    channel: 'email' | 'sms' | 'whatsapp';
    locale: string | null;
    /** The platform's account by which it may go. */
    provider?: string;
    /** The step's occurrence, whose words a person may have changed. */
    step?: { executionId: string; key: string; occurrence: number };
  },
): Promise<MessageSource | null> {
  const { rows } = await sql<{ source: MessageSource }>`/* load_message */
    select jsonb_build_object(
      'parts', coalesce((
        select jsonb_object_agg(p.name, p.body) from (
          select distinct on (t.name) t.name, coalesce(t.html_template, t.content_template) as body
          from app.communication_templates t
          where t.template_type = 'part' and t.channel = ${wanted.channel} and t.is_active
          order by t.name, ${nearestLocale(wanted.locale)}, t.version desc) p), '{}'),
      'template', (
        select jsonb_build_object('id', t.id, 'channel', t.channel, 'locale', t.locale, 'subject', t.subject_template,
          'body', coalesce(t.html_template, t.content_template), 'contentSid', t.content_sid,
          'approval', (select jsonb_build_object('status', a.status, 'reason', a.rejection_reason)
            from app.content_approvals a where a.content_sid = t.content_sid),
          'contentVariables', t.content_variables, 'calendar', t.calendar,
          'hasAttachments', exists (select from app.template_attachments f where f.template_id = t.id),
          'formToken', case when t.form is not null then app.form_link(t.form, c.id) end)
        from app.communication_templates t
        where t.name = ${wanted.template} and t.channel = ${wanted.channel} and t.is_active
          and t.template_type <> 'part'
        order by ${nearestLocale(wanted.locale)}, t.version desc limit 1),
      'edited', (
        select jsonb_build_object('subject', a.edited_subject, 'content', a.edited_content) from app.approvals a
        where a.execution_id = ${wanted.step?.executionId ?? null}::uuid and a.step_key = ${wanted.step?.key ?? null}
          and a.occurrence = ${wanted.step?.occurrence ?? null}::int
          and (a.edited_subject is not null or a.edited_content is not null)),
      'client', jsonb_build_object('partner1Name', c.partner_1_name, 'partner2Name', c.partner_2_name,
        'weddingOn', c.wedding_date, 'venue', c.venue, 'guestCount', c.guest_count, 'dates', c.key_dates,
        'metadata', c.metadata, 'version', c.version),
      'identity', (${identityOf(wanted.channel)}),
      'isProviderLimited', app.provider_is_limited(${wanted.provider ?? ''}),
      'lastWrote', case when ${wanted.channel} = 'whatsapp' then coalesce((
        select jsonb_object_agg(w.recipient, app.iso_instant(w.at))
        from (select m.recipient, max(m.created_at) as at from app.communications m
               where m.client_id = c.id and m.type = 'whatsapp' and m.direction = 'inbound'
                 and m.created_at > now() - interval '2 days' and m.recipient is not null
               group by m.recipient) w), '{}') else '{}' end,
      'organization', jsonb_build_object('name', o.name, 'locale', o.locale, 'settings', o.settings,
        'ownerName', (select nullif(p.full_name, '') from app.user_profiles p where p.role = 'OWNER'
                      order by p.created_at limit 1)),
      'contactNames', coalesce((select jsonb_object_agg(k.id, k.name) from app.client_contacts k
                                where k.client_id = c.id), '{}'),
      'paymentDetails', coalesce((select jsonb_object_agg(p.id, p.metadata) from app.payments p
                                  where p.client_id = c.id), '{}')
    ) as source
    from app.clients c join app.organizations o on o.id = c.organization_id
    where c.id = ${wanted.clientId}
  `.execute(trx);
  return rows[0]?.source ?? null;
}

/** How the organization's messages leave on a channel; null: by the platform's sender as it is. */
export async function loadIdentity(trx: Trx, channel: MessageTemplate['channel']): Promise<MessageIdentity | null> {
  const { rows } = await sql<{ identity: MessageIdentity | null }>`
    select (${identityOf(channel)}) as identity
  `.execute(trx);
  return rows[0]?.identity ?? null;
}

function identityOf(channel: MessageTemplate['channel']): RawBuilder<unknown> {
  return sql`
    select jsonb_build_object('settings', i.settings, 'sealed', encode(i.secret_ciphertext, 'base64'))
    from app.integration_credentials i
    where i.provider = ${channel === 'email' ? 'smtp' : 'twilio'} and i.name = ${channel} and i.is_active`;
}

/** Order of templates `t` of an organization `o`, the language that serves a reader of `locale` best first. */
function nearestLocale(locale: string | null): RawBuilder<unknown> {
  const wanted = locale ?? '';
  return sql`t.locale = ${wanted} desc, split_part(t.locale, '-', 1) = split_part(${wanted}, '-', 1) desc,
    t.locale = o.locale desc, split_part(t.locale, '-', 1) = split_part(o.locale, '-', 1) desc, t.locale`;
}
