import { html } from '../html.ts';
import { layout, section, type PageLinks } from './layout.ts';
import { coupleTable, messageTable, notBegunTable, state, stepTable, teamTable } from './tables.ts';
import type { CoupleView, StatusView } from './view.ts';

/** The overview of one organization. */
export function statusPage(view: StatusView, links: PageLinks, nonce: string): string {
  const { counts, organization } = view;
  return layout(
    organization.name,
    html`
      <header>
        <nav aria-label="Organizations" class="organizations">
          ${view.organizations.map(
            (one) =>
              html`<a href="/?organization=${one.id}" ${one.id === organization.id && html` aria-current="page"`}
                >${one.name}</a
              >`,
          )}
        </nav>
        <h1>${organization.name}</h1>
      </header>
      <main>
        <ul class="numbers">
          <li><b>${counts.couples}</b> ${counts.couples === 1 ? 'couple' : 'couples'}</li>
          <li><b>${counts.running}</b> ${counts.running === 1 ? 'journey' : 'journeys'} under way</li>
          <li><b>${counts.sentToday}</b> ${counts.sentToday === 1 ? 'message' : 'messages'} sent today</li>
          <li class="${counts.attention > 0 ? 'calls' : ''}">
            <b>${counts.attention}</b> ${counts.attention === 1 ? 'needs' : 'need'} attention
          </li>
        </ul>
        ${view.attention.length > 0 && section('Needs attention', stepTable('Needs attention', view.attention, organization))}
        <div class="beside">
          ${section(
            'What happens next',
            html`${stepTable('What happens next', view.next, organization, NOTHING_PLANNED)}
            ${counts.planned > view.next.length && html`<p class="soft">and ${counts.planned - view.next.length} more with a date, shown with each couple.</p>`}`,
          )}
          ${section('What was sent', messageTable('What was sent', view.sent, organization, 'Nothing has been sent yet.'))}
        </div>
        ${view.team.length > 0 && section('For the team', teamTable(view.team, organization))}
        ${section('Couples', coupleTable(view.couples, organization))}
      </main>
    `,
    links,
    nonce,
  );
}

const NOTHING_PLANNED = html`Nothing is planned. Book a couple, and its journey begins:
  <code>update app.clients set status = 'booked' where ...</code>`;

/** One couple: its journeys with every step, past and future, and its messages. */
export function couplePage(view: CoupleView, links: PageLinks, nonce: string): string {
  const { couple, organization } = view;
  return layout(
    couple.couple,
    html`
      <header>
        <nav aria-label="Back" class="organizations">
          <a href="/?organization=${organization.id}">← ${organization.name}</a>
        </nav>
        <h1>${couple.couple}</h1>
        <p class="soft">
          ${state(couple.status)}
          ${couple.weddingOn ? `wedding on ${couple.weddingOn}` : 'no wedding date yet'}${couple.zone && `, ${couple.zone}`}
        </p>
      </header>
      <main>
        ${view.plans.map((plan) =>
          section(
            html`${plan.journey} ${state(plan.status)}
            ${plan.temporalUrl && html`<small><a href="${plan.temporalUrl}">in Temporal</a></small>`}`,
            stepTable(plan.journey, plan.steps, organization, 'This journey has no steps to show yet.', false),
          ),
        )}
        ${view.plans.length === 0 && html`<p class="empty">No journey has started for this couple.</p>`}
        ${view.notBegun.length > 0 && section('Journeys not begun', notBegunTable('Journeys not begun', view.notBegun))}
        ${section(
          html`Messages
            <small
              ><a href="/couples/${couple.clientId}/messages?organization=${organization.id}">Read them</a></small
            >`,
          messageTable('Messages', view.messages, organization, 'Nothing has been sent to this couple yet.', false),
        )}
      </main>
    `,
    links,
    nonce,
  );
}

/** Shown where there is nothing to show yet, or where something could not be found. */
export function noticePage(title: string, text: string, links: PageLinks, nonce: string): string {
  return layout(
    title,
    html`<header><h1>${title}</h1></header>
      <main><p>${text}</p></main>`,
    links,
    nonce,
  );
}
