import { drawConversation } from './conversation.js';
import { api, byId, clock, el, icon, listener, shown, tell } from './dom.js';
import { drawFaults, openFaults, setUpFaults } from './faults.js';
import { chooseTab, showMessage } from './reader.js';

const CHANNELS = [
  ['', 'All'],
  ['email', 'Email'],
  ['sms', 'SMS'],
  ['whatsapp', 'WhatsApp'],
  ['webhook', 'Webhooks'],
];
const state = {
  messages: [],
  total: 0,
  counts: {},
  channel: '',
  search: '',
  chosen: null,
  fresh: new Set(),
  seen: new Set(JSON.parse(sessionStorage.getItem('seen') ?? '[]')),
};

async function load() {
  const query = new URLSearchParams({ limit: '500' });
  if (state.channel !== '') query.set('channel', state.channel);
  if (state.search !== '') query.set('search', state.search);
  Object.assign(state, await api(`/api/messages?${query}`));
  renderList();
}

function renderList() {
  const all = Object.values(state.counts).reduce((sum, count) => sum + count, 0);
  // What has the focus keeps it although the buttons are new.
  const focused = document.activeElement?.closest?.('#channels button')?.dataset.channel;
  byId('channels').replaceChildren(
    ...CHANNELS.map(([value, name]) => {
      const count = value === '' ? all : (state.counts[value] ?? 0);
      return el(
        'button',
        {
          type: 'button',
          'data-channel': value,
          'aria-pressed': String(state.channel === value),
          onclick: listener(() => choose(value)),
        },
        name,
        count > 0 && el('span', { class: 'count' }, String(count)),
      );
    }),
  );
  if (focused !== undefined) document.querySelector(`#channels [data-channel="${focused}"]`)?.focus();
  const shown = document.activeElement?.closest?.('#messages a')?.getAttribute('href');
  byId('messages').replaceChildren(...state.messages.map(item));
  if (shown) document.querySelector(`#messages a[href="${CSS.escape(shown)}"]`)?.focus({ preventScroll: true });
  state.fresh.clear();
  byId('clear').hidden = all === 0;
  renderEmpty(all);
  document.title = `${state.total === 0 ? '' : `(${state.total}) `}Dev inbox · WedSync Journeys`;
}

function renderEmpty(all) {
  const empty = byId('empty');
  empty.hidden = state.messages.length > 0;
  if (state.search === '' && state.channel === '') {
    empty.replaceChildren(
      el('p', {}, 'Nothing here yet. New messages appear by themselves.'),
      el('p', {}, 'Send yourself one:'),
      el(
        'pre',
        { tabindex: '0' },
        'npx wedsync templates send \\\n  journeys/starters/templates/venue_welcome.mjml \\\n  --to you@example.com',
      ),
    );
    return;
  }
  const what = state.search === '' ? 'Nothing on this channel.' : `Nothing has "${state.search}" in it.`;
  const showAll = listener(async () => {
    state.search = byId('search').value = '';
    await choose('');
  });
  empty.replaceChildren(
    el('p', {}, what),
    all > 0 || state.search !== '' ? el('button', { type: 'button', onclick: showAll }, 'Show everything') : '',
  );
}

function item(message) {
  const { id, channel, from, to, subject, preview, details, attachments, receivedAt } = message;
  const returned = details.Status === 'from the telephone' || from.startsWith('Mail Delivery System');
  const link = el(
    'a',
    { href: `#/${id}`, 'aria-current': String(id === state.chosen), class: state.seen.has(id) ? false : 'unread' },
    icon(channel),
    el(
      'span',
      { class: 'to' },
      channel === 'webhook' ? to.join(', ') : `${nameOf(from)} to ${to.map(shown).join(', ')}`,
    ),
    el('time', { datetime: receivedAt }, clock(receivedAt)),
    el(
      'span',
      { class: 'subject' },
      !state.seen.has(id) && el('span', { class: 'hidden' }, 'Unread: '),
      details.Status && el('span', { class: `badge ${returned ? '' : badgeOf(details.Status)}` }, details.Status),
      subject || preview,
    ),
    subject && el('span', { class: 'preview' }, attachments > 0 ? '📎 ' : '', preview),
  );
  return el('li', { class: state.fresh.has(id) ? 'new' : false }, link);
}

const nameOf = (sender) =>
  shown(sender)
    .replace(/\s*<[^<>]*>$/, '')
    .replaceAll('"', '') || sender;
const badgeOf = (status) =>
  ['delivered', 'read'].includes(status) ? 'good' : ['undelivered', 'failed'].includes(status) ? 'bad' : '';

async function choose(channel) {
  state.channel = channel;
  await load();
}

/** The address bar says which message is open, so that it can be linked to and the back button works. */
async function followAddress() {
  const id = location.hash.replace(/^#\/?/, '');
  state.chosen = id === '' ? null : id;
  byId('panes').classList.toggle('reading', state.chosen !== null);
  if (state.chosen !== null) {
    state.seen.add(state.chosen);
    sessionStorage.setItem('seen', JSON.stringify([...state.seen].slice(-2_000)));
  }
  renderList();
  await showMessage(state.chosen, { onDelete: listener(remove), empty: state.total === 0 });
  document.querySelector('#messages [aria-current=true]')?.scrollIntoView({ block: 'nearest' });
}

async function remove(id) {
  const index = state.messages.findIndex((message) => message.id === id);
  const next = state.messages[index + 1] ?? state.messages[index - 1];
  await api(`/api/messages/${id}`, { method: 'DELETE' });
  location.hash = next === undefined ? '#/' : `#/${next.id}`;
  tell('Deleted.', { name: 'Undo', act: undo });
}

async function clear() {
  const { total } = await api('/api/messages?limit=1');
  await api('/api/messages', { method: 'DELETE' });
  location.hash = '#/';
  tell(total === 1 ? 'One message deleted.' : `${total} messages deleted.`, { name: 'Undo', act: undo });
}

async function undo() {
  const answer = await api('/api/messages/undo', { method: 'POST', body: {} });
  tell(answer.restored === 0 ? 'There is nothing to take back.' : 'Back again.');
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
    listener(drawFaults)();
  });
  events.addEventListener('error', () => {
    live.textContent = 'not connected: is it still running?';
    live.classList.remove('on');
  });
  // Many messages may come at once; the list is drawn at most once a frame.
  let planned = false;
  events.addEventListener('message', (event) => {
    const change = JSON.parse(event.data);
    if (change.kind === 'faults') return listener(drawFaults)();
    if (change.kind === 'added') state.fresh.add(change.message.id);
    if (planned) return undefined;
    planned = true;
    requestAnimationFrame(() => {
      planned = false;
      reload();
      drawConversation();
    });
    return undefined;
  });
}

const KEYS = {
  j: () => step(1),
  k: () => step(-1),
  w: openFaults,
  u: () => listener(undo)(),
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
byId('clear').addEventListener('click', listener(clear));
byId('open-help').addEventListener('click', () => byId('help').showModal());
window.addEventListener('hashchange', listener(followAddress));
setUpFaults();
await load();
listen();
await followAddress();
