import { conversation } from './conversation.js';
import { api, byId, el, icon, listener, shown, tell } from './dom.js';

const CHANNEL_NAMES = { email: 'Email', sms: 'SMS', whatsapp: 'WhatsApp', webhook: 'Webhook' };
/** How the last message was looked at; the next one is shown the same way where it can be. */
const looks = { tab: 'message', phone: false, dark: false, images: true, answering: null };

/**
 * Shows one message, or what the inbox is for.
 *
 * @param {string | null} id
 * @param {{ onDelete: (id: string) => void, empty: boolean }} actions
 */
export async function showMessage(id, { onDelete, empty }) {
  const reader = byId('reader');
  const message = id === null ? null : await api(`/api/messages/${id}`);
  if (message !== null) render(reader, message, onDelete);
  else reader.replaceChildren(nothing(id === null ? undefined : 'This message has been deleted.', empty));
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
      el(
        'div',
        { class: 'title' },
        icon(message.channel),
        el('h2', {}, message.subject || `${CHANNEL_NAMES[message.channel]} to ${message.to.join(', ')}`),
        el(
          'div',
          { class: 'acts' },
          ...reactions(message, again),
          el('button', { type: 'button', onclick: () => onDelete(message.id) }, 'Delete'),
        ),
      ),
      el('dl', {}, ...rows(about(message))),
      el('details', {}, el('summary', {}, 'More about it'), el('dl', {}, ...rows(more(message)))),
    ),
    el(
      'div',
      { class: 'tools' },
      tabList(tabs, chosen, again),
      el('span', { class: 'space' }),
      ...(chosen.key === 'message' && message.html !== undefined
        ? [toggle('Phone', 'phone', again), toggle('Dark', 'dark', again), toggle('Pictures', 'images', again)]
        : []),
    ),
    ...answerForm(message, again),
    panel(chosen, chosen.view()),
  );
}

function tabList(tabs, chosen, again) {
  const choose = (tab) => {
    looks.tab = tab.key;
    again();
    byId(`tab-${tab.key}`).focus();
  };
  // Tabs are one stop of the Tab key; the arrows go from one to the next.
  const onkeydown = (event) => {
    const by = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (by === undefined) return;
    event.preventDefault();
    choose(tabs[(tabs.indexOf(chosen) + by + tabs.length) % tabs.length]);
  };
  return el(
    'div',
    { role: 'tablist', 'aria-label': 'How the message is shown', class: 'tabs', onkeydown },
    ...tabs.map((tab) =>
      el(
        'button',
        {
          type: 'button',
          role: 'tab',
          id: `tab-${tab.key}`,
          tabindex: tab === chosen ? '0' : '-1',
          'aria-selected': String(tab === chosen),
          'aria-controls': 'view',
          onclick: () => choose(tab),
        },
        tab.name,
      ),
    ),
  );
}

function tabsOf(message) {
  const html = message.html !== undefined;
  return [
    { key: 'message', name: 'Message', view: () => (html ? framed(message) : plain(message)) },
    html && { key: 'text', name: 'Text', view: () => el('pre', { tabindex: '0' }, message.text) },
    message.headers.length > 0 && {
      key: 'headers',
      name: 'Headers',
      view: () => table(message.headers.map(({ name, value }) => [name, value])),
    },
    message.links.length > 0 && {
      key: 'links',
      name: message.links.some(({ problem }) => problem) ? 'Links (!)' : `Links (${message.links.length})`,
      view: () => table(message.links.map(linkRow)),
    },
    message.attachments.length > 0 && {
      key: 'attachments',
      name: `Attachments (${message.attachments.length})`,
      view: () => table(message.attachments.map((attachment, index) => attachmentRow(message.id, attachment, index))),
    },
    { key: 'source', name: 'Source', view: () => source(message.id) },
  ].filter((tab) => tab !== false);
}

const rows = (pairs) => pairs.flatMap(([term, value]) => [el('dt', {}, term), el('dd', {}, value)]);

function about(message) {
  return [
    ['From', shown(message.from)],
    ['To', message.to.map(shown).join(', ')],
    ['When', new Date(message.receivedAt).toLocaleString([], { dateStyle: 'medium', timeStyle: 'medium' })],
  ];
}

function more(message) {
  return [
    ['Communication', message.communicationId ?? 'none: the platform did not send it for a journey'],
    message.providerId && ['Id', message.providerId],
    ...Object.entries(message.details),
  ].filter((row) => Array.isArray(row));
}

function plain(message) {
  if (message.channel === 'sms' || message.channel === 'whatsapp') return conversation(message);
  return el('pre', { tabindex: '0' }, message.text);
}

/** What the reader of a mail, or its mail server, may do with it afterwards. */
function reactions(message, again) {
  if (!canReact(message)) return [];
  const react = (kind, done) =>
    listener(async () => {
      await api(`/api/messages/${message.id}/return`, { method: 'POST', body: { kind } });
      tell(done);
    });
  const write = () => {
    looks.answering = looks.answering === message.id ? null : message.id;
    again();
    document.querySelector('.answer input')?.focus();
  };
  const bounce = react('bounce', 'Sent back as undeliverable; the platform is told.');
  const complain = react('complaint', 'Called junk; the platform is told.');
  return [
    el('button', { type: 'button', 'aria-expanded': String(looks.answering === message.id), onclick: write }, 'Answer'),
    el('button', { type: 'button', onclick: bounce }, 'Send back'),
    el('button', { type: 'button', onclick: complain }, 'Call it junk'),
  ];
}

const canReact = (message) => message.channel === 'email' && message.communicationId !== undefined;

function answerForm(message, again) {
  if (!canReact(message) || looks.answering !== message.id) return [];
  const text = el('input', { 'aria-label': 'Answer', placeholder: 'Answer as the couple', autocomplete: 'off' });
  const send = listener(async () => {
    await api(`/api/messages/${message.id}/reply`, { method: 'POST', body: { text: text.value } });
    looks.answering = null;
    again();
    tell('Answered; the platform is told.');
  });
  const onsubmit = (event) => {
    event.preventDefault();
    if (text.value.trim() !== '') send();
  };
  return [el('form', { class: 'answer', onsubmit }, text, el('button', { class: 'main' }, 'Send the answer'))];
}

function framed(message) {
  // The server's policy for this address forbids scripts as well; the sandbox is the second lock.
  const frame = el('iframe', {
    title: `Message: ${message.subject}`,
    sandbox: 'allow-popups allow-popups-to-escape-sandbox',
    src: `/api/messages/${message.id}/html?images=${onOff(looks.images)}&dark=${onOff(looks.dark)}`,
  });
  frame.classList.toggle('phone', looks.phone);
  frame.classList.toggle('dark', looks.dark);
  return frame;
}

const onOff = (is) => (is ? 'on' : 'off');

function source(id) {
  const text = el('pre', { tabindex: '0' }, 'Loading …');
  fetch(`/api/messages/${id}/source`)
    .then((response) => response.text())
    .then((raw) => text.replaceChildren(raw))
    .catch(() => text.replaceChildren('The source could not be read.'));
  return text;
}

function linkRow({ href, text, problem }) {
  return [text || '(no text)', problem ? el('span', {}, el('span', { class: 'badge bad' }, problem), href) : href];
}

function attachmentRow(id, attachment, index) {
  const href = `/api/messages/${id}/attachments/${index}`;
  const link = el('a', { href, download: attachment.filename }, attachment.filename);
  return [link, `${attachment.contentType}, ${sizeOf(attachment.bytes)}`];
}

const sizeOf = (bytes) => (bytes < 1_024 ? `${bytes} bytes` : `${(bytes / 1_024).toFixed(1)} KB`);

function toggle(name, key, again) {
  const onclick = () => {
    looks[key] = !looks[key];
    again();
    [...document.querySelectorAll('.tools > button')].find((button) => button.textContent === name)?.focus();
  };
  return el('button', { type: 'button', 'aria-pressed': String(looks[key]), onclick }, name);
}

function table(pairs) {
  return el(
    'table',
    {},
    el(
      'tbody',
      {},
      ...pairs.map(([name, value]) => el('tr', {}, el('th', { scope: 'row' }, name), el('td', {}, value))),
    ),
  );
}

function panel(tab, content) {
  return el('div', { class: 'view', id: 'view', role: 'tabpanel', 'aria-labelledby': `tab-${tab.key}` }, content);
}

function nothing(
  text = 'Every email, text and WhatsApp message that the platform sends on this machine lands here, and its webhooks. Nothing goes further.',
  empty = false,
) {
  return el(
    'div',
    { class: 'nothing' },
    icon('email'),
    el('p', {}, text),
    !empty && el('p', {}, 'Choose a message, or press ', el('kbd', {}, 'j'), '.'),
  );
}
