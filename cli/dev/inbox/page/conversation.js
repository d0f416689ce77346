import { api, clock, el, listener, tell } from './dom.js';

let drawShown = () => {};

/** Draws the conversation that is shown again, where one is: something has come. */
export function drawConversation() {
  if (document.querySelector('.talk') !== null) drawShown();
}

/**
 * What was written with this telephone on this channel, like on the telephone, and a field to answer as the couple.
 *
 * @param {{ id: string, channel: string, from: string, to: string[], text: string, details: Record<string, string>, receivedAt: string }} message
 */
export function conversation(message) {
  const inbound = isInbound(message);
  const number = inbound ? message.from : (message.to[0] ?? '');
  const talk = el('ol', { class: 'talk', 'aria-label': `Conversation with ${number}` }, bubble(message, message.id));
  const view = el('div', { class: 'telephone' }, talk);
  if (!inbound) view.append(answer(message));
  drawShown = listener(async () => {
    const query = new URLSearchParams({ channel: message.channel, search: number, limit: '50' });
    const { messages } = await api(`/api/messages?${query}`);
    const theirs = messages.filter(({ from, to }) => from === number || to.includes(number));
    const whole = await Promise.all(theirs.toReversed().map(({ id }) => api(`/api/messages/${id}`)));
    if (!talk.isConnected) return;
    talk.replaceChildren(...whole.filter((one) => one !== null).map((one) => bubble(one, message.id)));
    talk.lastElementChild?.scrollIntoView({ block: 'nearest' });
  });
  queueMicrotask(drawShown);
  return view;
}

const isInbound = ({ details }) => details.Status === 'from the telephone';

function bubble(message, chosen) {
  const mine = isInbound(message);
  const about = mine ? clock(message.receivedAt) : `${clock(message.receivedAt)}, ${message.details.Status ?? 'sent'}`;
  const error = message.details.Error === undefined ? '' : `, error ${message.details.Error}`;
  return el(
    'li',
    { class: [mine ? 'mine' : 'theirs', message.id === chosen && 'this'].filter(Boolean).join(' ') },
    el(
      'p',
      { class: 'bubble' },
      el('span', { class: 'hidden' }, mine ? 'The couple: ' : 'The supplier: '),
      message.text,
    ),
    el('small', {}, `${about}${error}`),
  );
}

/** Lets the couple's telephone answer. */
function answer(message) {
  const text = el('input', {
    name: 'text',
    'aria-label': 'Answer',
    placeholder: 'Answer as the couple',
    autocomplete: 'off',
  });
  const send = listener(async () => {
    const { told } = await api(`/api/messages/${message.id}/reply`, { method: 'POST', body: { text: text.value } });
    text.value = '';
    tell(told === null ? 'Answered. Nobody asked to be told.' : `Answered; the platform was told (HTTP ${told}).`);
  });
  const say = (word) => {
    text.value = word;
    send();
  };
  const onsubmit = (event) => {
    event.preventDefault();
    if (text.value.trim() !== '') send();
  };
  return el(
    'form',
    { class: 'answer', onsubmit },
    text,
    el('button', { class: 'main' }, 'Answer'),
    ...['STOP', 'START', 'HELP'].map((word) => el('button', { type: 'button', onclick: () => say(word) }, word)),
  );
}
