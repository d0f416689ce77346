import { api, byId, el, listener } from './dom.js';
import { setUpFaults } from './faults.js';
import { chooseTab, showMessage } from './reader.js';

const CHANNELS = [
  ['', 'All'],
  ['email', 'Email'],
  ['sms', 'SMS'],
  ['whatsapp', 'WhatsApp'],
  ['webhook', 'Webhooks'],
];
const state = { messages: [], total: 0, channel: '', search: '', chosen: null, fresh: new Set() };

async function load() {
  const query = new URLSearchParams({ limit: '500' });
  if (state.channel !== '') query.set('channel', state.channel);
  if (state.search !== '') query.set('search', state.search);
  const { messages, total } = await api(`/api/messages?${query}`);
  state.messages = messages;
  state.total = total;
  renderList();
}

function renderList() {
  byId('channels').replaceChildren(
    ...CHANNELS.map(([value, name]) =>
      el(
        'button',
        { type: 'button', 'aria-pressed': String(state.channel === value), onclick: listener(() => choose(value)) },
        name,
      ),
    ),
  );
  byId('messages').replaceChildren(...state.messages.map(item));
  state.fresh.clear();
  const empty = byId('empty');
  empty.hidden = state.messages.length > 0;
  empty.textContent =
    state.search || state.channel ? 'Nothing found.' : 'Nothing here yet. New messages appear by themselves.';
  document.title = `${state.total === 0 ? '' : `(${state.total}) `}Dev inbox · WedSync Journeys`;
}

function item(message) {
  const badges = [
    message.channel !== 'email' && el('span', { class: 'badge' }, message.channel === 'sms' ? 'SMS' : message.channel),
    message.details.Status && el('span', { class: 'badge' }, message.details.Status),
  ];
  const link = el(
    'a',
    { href: `#/${message.id}`, 'aria-current': String(message.id === state.chosen) },
    el('span', { class: 'to' }, message.to.join(', ')),
    el('time', { datetime: message.receivedAt }, clock(message.receivedAt)),
    el('span', { class: 'subject' }, ...badges, message.subject || message.preview),
    message.subject && el('span', { class: 'preview' }, message.attachments > 0 ? '📎 ' : '', message.preview),
  );
  return el('li', { class: state.fresh.has(message.id) ? 'new' : false }, link);
}

function clock(instant) {
  const date = new Date(instant);
  const today = date.toDateString() === new Date().toDateString();
  return today ? date.toLocaleTimeString() : date.toLocaleString([], { dateStyle: 'short', timeStyle: 'short' });
}

async function choose(channel) {
  state.channel = channel;
  await load();
}

/** The address bar says which message is open, so that it can be linked to and the back button works. */
async function followAddress() {
  const id = location.hash.replace(/^#\/?/, '');
  state.chosen = id === '' ? null : id;
  byId('panes').classList.toggle('reading', state.chosen !== null);
  renderList();
  await showMessage(state.chosen, { onDelete: listener(remove) });
  document.querySelector('#messages [aria-current=true]')?.scrollIntoView({ block: 'nearest' });
}

async function remove(id) {
  const index = state.messages.findIndex((message) => message.id === id);
  const next = state.messages[index + 1] ?? state.messages[index - 1];
  await api(`/api/messages/${id}`, { method: 'DELETE' });
  location.hash = next === undefined ? '#/' : `#/${next.id}`;
}

function step(by) {
  const index = state.messages.findIndex((message) => message.id === state.chosen);
  const next = state.messages[index === -1 ? 0 : index + by];
  if (next !== undefined) location.hash = `#/${next.id}`;
}

function listen() {
  const events = new EventSource('/api/events');
  const live = byId('live');
  const reload = listener(load);
  events.addEventListener('open', () => {
    live.textContent = 'live';
    live.classList.add('on');
    reload();
  });
  events.addEventListener('error', () => {
    live.textContent = 'not connected';
    live.classList.remove('on');
  });
  // Many messages may come at once; the list is drawn at most once a frame.
  let planned = false;
  events.addEventListener('message', (event) => {
    const change = JSON.parse(event.data);
    if (change.kind === 'added') state.fresh.add(change.message.id);
    if (planned) return;
    planned = true;
    requestAnimationFrame(() => {
      planned = false;
      reload();
    });
  });
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  '/': () => byId('search').focus(),
  '?': () => byId('help').showModal(),
  Delete: () => {
    if (state.chosen !== null) listener(remove)(state.chosen);
  },
  Escape: () => {
    location.hash = '#/';
  },
};
document.addEventListener('keydown', (event) => {
  const typing =
    event.target instanceof Element && event.target.closest('input, select, textarea, dialog[open]') !== null;
  if (typing || event.ctrlKey || event.metaKey || event.altKey) return;
  const action = /^[1-6]$/.test(event.key) ? () => chooseTab(Number(event.key)) : KEYS[event.key];
  if (action === undefined) return;
  event.preventDefault();
  action();
});
byId('search').addEventListener(
  'input',
  listener(async (event) => {
    state.search = event.target.value.trim();
    await load();
  }),
);
byId('search').addEventListener('keydown', (event) => {
  if (event.key === 'Escape') event.target.blur();
});
byId('clear').addEventListener(
  'click',
  listener(async () => {
    if (!confirm('Delete every message in the inbox?')) return;
    await api('/api/messages', { method: 'DELETE' });
    location.hash = '#/';
  }),
);
byId('open-help').addEventListener('click', () => byId('help').showModal());
window.addEventListener('hashchange', listener(followAddress));
setUpFaults();
listen();
await followAddress();
