import { api, byId, el, listener } from './dom.js';

const CHANNEL_NAMES = { email: 'Email', sms: 'SMS', whatsapp: 'WhatsApp', webhook: 'Webhook' };
/** How the last message was looked at; the next one is shown the same way where it can be. */
const looks = { tab: 'message', phone: false, dark: false, images: true };

/**
 * Shows one message, or what the inbox is for.
 *
 * @param {string | null} id
 * @param {{ onDelete: (id: string) => void }} actions
 */
export async function showMessage(id, { onDelete }) {
  const reader = byId('reader');
  const message = id === null ? null : await api(`/api/messages/${id}`);
  if (message !== null) render(reader, message, onDelete);
  else reader.replaceChildren(id === null ? nothing() : nothing('This message has been deleted.'));
}

/** Chooses a tab by its place, from 1. @param {number} place */
export function chooseTab(place) {
  document.querySelectorAll('[role=tab]')[place - 1]?.click();
}

function render(reader, message, onDelete) {
  const tabs = tabsOf(message);
  const chosen = tabs.find((tab) => tab.key === looks.tab) ?? tabs[0];
  const again = () => render(reader, message, onDelete);
  reader.replaceChildren(
    el(
      'div',
      { class: 'about' },
      el('a', { href: '#/', class: 'back' }, 'All messages'),
      el('h2', {}, message.subject || `${CHANNEL_NAMES[message.channel]} to ${message.to.join(', ')}`),
      el('dl', {}, ...about(message).flatMap(([term, value]) => [el('dt', {}, term), el('dd', {}, value)])),
    ),
    el(
      'div',
      { class: 'tools' },
      el(
        'div',
        { role: 'tablist', 'aria-label': 'How the message is shown', class: 'tabs' },
        ...tabs.map((tab) =>
          el(
            'button',
            {
              type: 'button',
              role: 'tab',
              id: `tab-${tab.key}`,
              'aria-selected': String(tab === chosen),
              'aria-controls': 'view',
              onclick: () => {
                looks.tab = tab.key;
                again();
                byId(`tab-${tab.key}`).focus();
              },
            },
            tab.name,
          ),
        ),
      ),
      el('span', { class: 'space' }),
      ...(chosen.key === 'message' && message.html !== undefined
        ? [toggle('Phone', 'phone', again), toggle('Dark', 'dark', again), toggle('Pictures', 'images', again)]
        : []),
      el('button', { type: 'button', onclick: () => onDelete(message.id) }, 'Delete'),
    ),
    chosen.view(),
  );
}

function tabsOf(message) {
  const html = message.html !== undefined;
  return [
    {
      key: 'message',
      name: 'Message',
      view: () =>
        html
          ? framed(message)
          : message.channel === 'webhook'
            ? panel(el('pre', { tabindex: '0' }, message.text))
            : conversation(message),
    },
    html && { key: 'text', name: 'Text', view: () => panel(el('pre', {}, message.text)) },
    message.headers.length > 0 && {
      key: 'headers',
      name: 'Headers',
      view: () => panel(table(message.headers.map(({ name, value }) => [name, value]))),
    },
    message.links.length > 0 && {
      key: 'links',
      name: message.links.some(({ problem }) => problem) ? 'Links (!)' : `Links (${message.links.length})`,
      view: () => panel(table(message.links.map(linkRow))),
    },
    message.attachments.length > 0 && {
      key: 'attachments',
      name: `Attachments (${message.attachments.length})`,
      view: () =>
        panel(table(message.attachments.map((attachment, index) => attachmentRow(message.id, attachment, index)))),
    },
    { key: 'source', name: 'Source', view: () => source(message.id) },
  ].filter((tab) => tab !== false);
}

function about(message) {
  const rows = [
    ['From', message.from],
    ['To', message.to.join(', ')],
    ['When', new Date(message.receivedAt).toLocaleString()],
    message.communicationId && ['Communication', message.communicationId],
    ...Object.entries(message.details),
  ];
  return rows.filter((row) => Array.isArray(row));
}

function framed(message) {
  // The server's policy for this address forbids scripts as well; the sandbox is the second lock.
  const frame = el('iframe', {
    title: `Message: ${message.subject}`,
    sandbox: 'allow-popups allow-popups-to-escape-sandbox',
    src: `/api/messages/${message.id}/html?images=${looks.images ? 'on' : 'off'}`,
  });
  const view = panel(frame);
  view.classList.toggle('phone', looks.phone);
  view.classList.toggle('dark', looks.dark);
  return view;
}

function source(id) {
  const text = el('pre', { tabindex: '0' }, 'Loading …');
  fetch(`/api/messages/${id}/source`)
    .then((response) => response.text())
    .then((raw) => text.replaceChildren(raw))
    .catch(() => text.replaceChildren('The source could not be read.'));
  return panel(text);
}

function linkRow({ href, text, problem }) {
  return [text || '(no text)', problem ? el('span', {}, el('span', { class: 'badge bad' }, problem), href) : href];
}

function attachmentRow(id, attachment, index) {
  const link = el(
    'a',
    { href: `/api/messages/${id}/attachments/${index}`, download: attachment.filename },
    attachment.filename,
  );
  return [link, `${attachment.contentType}, ${attachment.bytes} bytes`];
}

function toggle(name, key, again) {
  const onclick = () => {
    looks[key] = !looks[key];
    again();
  };
  return el('button', { type: 'button', 'aria-pressed': String(looks[key]), onclick }, name);
}

function table(rows) {
  return el(
    'table',
    {},
    el(
      'tbody',
      {},
      ...rows.map(([name, value]) => el('tr', {}, el('th', { scope: 'row' }, name), el('td', {}, value))),
    ),
  );
}

function conversation(message) {
  const view = panel(el('p', { class: 'bubble' }, message.text));
  if (
    (message.channel === 'sms' || message.channel === 'whatsapp') &&
    message.details.Status !== 'from the telephone'
  ) {
    view.append(answer(message));
  }
  return view;
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
    await api(`/api/messages/${message.id}/reply`, { method: 'POST', body: { text: text.value } });
    text.value = '';
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

function panel(content) {
  return el('div', { class: 'view', id: 'view', role: 'tabpanel' }, content);
}

function nothing(
  text = 'Every email, text and WhatsApp message that the platform sends on this machine lands here. Nothing goes further.',
) {
  return el('p', { class: 'nothing' }, text);
}
