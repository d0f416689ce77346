import type { TeamRow } from '../../db/status-page.ts';
import { html, type Html } from '../html.ts';
import type { CoupleLine, CoupleView, MessageLine, OrganizationLine, StepLine } from './view.ts';

/** A word of the database as a pill, coloured by what it means. */
export function state(word: string): Html {
  return html`<span class="state ${word}">${word.replaceAll('_', ' ')}</span>`;
}

/** @param label of the table, which may scroll sideways and is then reached by the keyboard */
function table(label: string, headings: readonly string[], rows: readonly Html[], empty: string | Html): Html {
  if (rows.length === 0) return html`<div class="table"><p class="empty">${empty}</p></div>`;
  return html`<div class="table" tabindex="0" role="region" aria-label="${label}">
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

/** Steps with date, zone, state and reason. */
export function stepTable(
  label: string,
  steps: readonly StepLine[],
  organization: OrganizationLine,
  empty: string | Html = '',
  withCouple = true,
): Html {
  return table(
    label,
    ['When', 'What', 'Why'],
    steps.map(
      (step) =>
        html`<tr>
          <td class="when">${step.local ?? 'no date yet'}<br /><small>${step.zone}${soon(step.inMinutes)}</small></td>
          <td>
            <b>${step.step}</b> <span class="kind">${step.type.replaceAll('_', ' ')}</span>
            ${step.template !== null && html`<a class="kind" href="/couples/${step.clientId}/preview/${step.type}/${step.template}?organization=${organization.id}">preview</a>`}
            ${withCouple && html`<br />${coupleLink(step, organization)} <small>· ${step.journey}</small>`}
          </td>
          <td class="why">${state(step.state)} <span>${step.reason}</span></td>
        </tr>`,
    ),
    empty,
  );
}

const SOON_MINUTES = 60;

function soon(inMinutes: number | null): Html | null {
  if (inMinutes === null || inMinutes >= SOON_MINUTES) return null;
  return html` <span class="soon">${inMinutes < 1 ? 'now' : `in ${inMinutes} min`}</span>`;
}

/** Open tasks and unread notifications. */
export function teamTable(lines: readonly TeamRow[], organization: OrganizationLine): Html {
  return table(
    'For the team',
    ['When', 'What', 'Details'],
    lines.map(
      ({ kind, title, text, at, clientId, couple }) =>
        html`<tr>
          <td class="when">${at}</td>
          <td>
            <b>${title}</b> <span class="kind">${kind}</span>
            ${clientId !== null && html`<br />${coupleLink({ clientId, couple: couple ?? '' }, organization)}`}
          </td>
          <td class="why">${text}</td>
        </tr>`,
    ),
    '',
  );
}

/** Journeys that a couple is not on. */
export function notBegunTable(label: string, journeys: CoupleView['notBegun']): Html {
  return table(
    label,
    ['Journey', 'Why'],
    journeys.map(
      ({ journey, why }) =>
        html`<tr>
          <td><b>${journey}</b></td>
          <td class="why">${why}</td>
        </tr>`,
    ),
    '',
  );
}

/** Messages, newest first. */
export function messageTable(
  label: string,
  messages: readonly MessageLine[],
  organization: OrganizationLine,
  empty: string,
  withCouple = true,
): Html {
  return table(
    label,
    ['When', 'Message', 'State'],
    messages.map(
      (message) =>
        html`<tr>
          <td class="when">${message.at}</td>
          <td>
            ${message.subject ?? '(no subject)'} <span class="kind">${message.channel}</span>
            ${withCouple && html`<br />${coupleLink(message, organization)}`}
          </td>
          <td class="${message.problem === null ? '' : 'why'}">${state(message.status)} ${message.problem}</td>
        </tr>`,
    ),
    empty,
  );
}

/** Every couple with its journeys and what each does next. */
export function coupleTable(couples: readonly CoupleLine[], organization: OrganizationLine): Html {
  return table(
    'Couples',
    ['Couple', 'Wedding', 'Journeys'],
    couples.map(
      (couple) =>
        html`<tr>
          <td>${coupleLink(couple, organization)}<br />${state(couple.status)}</td>
          <td class="when">
            ${couple.weddingOn ?? 'no date yet'}${couple.zone && html`<br /><small>${couple.zone}</small>`}
          </td>
          <td>
            ${couple.journeys.length === 0 ? html`<span class="soft">none</span>` : couple.journeys.map((journey) => html`<div>${journey.name} ${state(journey.status)} <small>${journey.next}</small></div>`)}
          </td>
        </tr>`,
    ),
    'No couples yet. Insert a row into app.clients, or start without --no-demo.',
  );
}
