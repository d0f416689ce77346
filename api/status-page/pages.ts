import { html, type Html } from '../html.ts';
import { REFRESH_SCRIPT } from './refresh.ts';
import { STYLE } from './style.ts';
import type { CoupleLine, CoupleView, MessageLine, OrganizationLine, StatusView, StepLine } from './view.ts';

/** Addresses of the other pages of a development set-up; absent where there are none. */
export interface PageLinks {
  readonly inboxUrl?: string | undefined;
  readonly temporalUiUrl?: string | undefined;
}

/** The overview of one organization. */
export function statusPage(view: StatusView, links: PageLinks, nonce: string): string {
  const { counts } = view;
  return layout(
    view.organization.name,
    html`
      <header>
        <h1>${view.organization.name}</h1>
        <nav aria-label="Organizations">
          ${view.organizations.map(
            (one) =>
              html`<a href="/?organization=${one.id}" ${one.id === view.organization.id && html` aria-current="page"`}
                >${one.name}</a
              >`,
          )}
        </nav>
      </header>
      <main>
        <ul class="numbers">
          <li><b>${counts.couples}</b> couples</li>
          <li><b>${counts.running}</b> journeys under way</li>
          <li><b>${counts.sentToday}</b> messages sent today</li>
          <li><b>${counts.attention}</b> need attention</li>
        </ul>
        ${view.attention.length > 0 && section('Needs attention', stepTable(view.attention, view.organization))}
        ${section('What happens next', stepTable(view.next, view.organization, 'Nothing is planned. Book a couple and its journey begins.'))}
        ${section('What was sent', messageTable(view.sent, view.organization, 'Nothing has been sent yet.'))}
        ${section('Couples', coupleTable(view.couples, view.organization))}
      </main>
    `,
    links,
    nonce,
  );
}

/** One couple: its journeys with every step, past and future, and its messages. */
export function couplePage(view: CoupleView, links: PageLinks, nonce: string): string {
  const { couple, organization } = view;
  return layout(
    couple.couple,
    html`
      <header>
        <nav aria-label="Back"><a href="/?organization=${organization.id}">${organization.name}</a></nav>
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
            stepTable(plan.steps, organization, 'This journey has no steps to show yet.', false),
          ),
        )}
        ${view.plans.length === 0 && html`<p class="empty">No journey has started for this couple.</p>`}
        ${section('Messages', messageTable(view.messages, organization, 'Nothing has been sent to this couple yet.', false))}
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

function layout(title: string, body: Html, links: PageLinks, nonce: string): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title} · WedSync Journeys</title>
        <link rel="icon" href="data:," />
        <style nonce="${nonce}">
          ${{ html: STYLE }}
        </style>
      </head>
      <body>
        ${body}
        <footer>
          <p id="lost" role="status" hidden>The connection is lost; this page shows the last known state.</p>
          WedSync Journeys ${links.inboxUrl && html` · <a href="${links.inboxUrl}">Dev inbox</a>`}
          ${links.temporalUiUrl && html` · <a href="${links.temporalUiUrl}">Temporal</a>`} ·
          <a href="/readyz">Health</a>
        </footer>
        <script nonce="${nonce}">
          ${{ html: REFRESH_SCRIPT }};
        </script>
      </body>
    </html>`.html;
}

function section(title: string | Html, content: Html): Html {
  return html`<section>
    <h2>${title}</h2>
    ${content}
  </section>`;
}

function state(word: string): Html {
  return html`<span class="state ${word}">${word.replaceAll('_', ' ')}</span>`;
}

function table(headings: readonly string[], rows: readonly Html[], empty: string): Html {
  if (rows.length === 0) return html`<div class="table"><p class="empty">${empty}</p></div>`;
  return html`<div class="table" tabindex="0">
    <table>
      <thead>
        <tr>
          ${headings.map((heading) => html`<th scope="col">${heading}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
}

function coupleLink(line: { clientId: string; couple: string }, organization: OrganizationLine): Html {
  return html`<a href="/couples/${line.clientId}?organization=${organization.id}">${line.couple}</a>`;
}

function stepTable(steps: readonly StepLine[], organization: OrganizationLine, empty = '', withCouple = true): Html {
  return table(
    ['When', 'Step', ...(withCouple ? ['Couple', 'Journey'] : []), 'State', 'Why'],
    steps.map(
      (step) =>
        html`<tr>
          <td class="when">${step.local ?? 'not known yet'}${step.zone && html`<br /><small>${step.zone}</small>`}</td>
          <td>${step.step}<br /><small>${step.type.replaceAll('_', ' ')}</small></td>
          ${
            withCouple &&
            html`<td>${coupleLink(step, organization)}</td>
              <td>${step.journey}</td>`
          }
          <td>${state(step.state)}</td>
          <td>${step.reason}</td>
        </tr>`,
    ),
    empty,
  );
}

function messageTable(
  messages: readonly MessageLine[],
  organization: OrganizationLine,
  empty: string,
  withCouple = true,
): Html {
  return table(
    ['When', 'Message', ...(withCouple ? ['Couple'] : []), 'State', ''],
    messages.map(
      (message) =>
        html`<tr>
          <td class="when">${message.at}</td>
          <td>${message.subject ?? '(no subject)'}<br /><small>${message.channel}</small></td>
          ${withCouple && html`<td>${coupleLink(message, organization)}</td>`}
          <td>${state(message.status)}</td>
          <td>${message.problem}</td>
        </tr>`,
    ),
    empty,
  );
}

function coupleTable(couples: readonly CoupleLine[], organization: OrganizationLine): Html {
  return table(
    ['Couple', 'Wedding', 'State', 'Journeys'],
    couples.map(
      (couple) =>
        html`<tr>
          <td>${coupleLink(couple, organization)}</td>
          <td class="when">
            ${couple.weddingOn ?? 'no date yet'}${couple.zone && html`<br /><small>${couple.zone}</small>`}
          </td>
          <td>${state(couple.status)}</td>
          <td>
            ${couple.journeys.length === 0 ? html`<span class="soft">none</span>` : couple.journeys.map((journey) => html`<div>${journey.name} ${state(journey.status)} <small>${journey.next}</small></div>`)}
          </td>
        </tr>`,
    ),
    'No couples yet. Insert a row into app.clients, or start without --no-demo.',
  );
}
