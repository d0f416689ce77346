import { api, byId, el, listener } from './dom.js';

const KINDS = {
  refuse: ['is refused', 'The provider says no for good: such an address does not exist.'],
  defer: ['is told "not now"', 'The provider asks to try again later.'],
  refuse_after_data: ['is refused after reading it', 'The mail server reads the whole message and says no.'],
  defer_after_data: [
    'is told "not now" after reading it',
    'The mail server reads the whole message and asks to try again.',
  ],
  drop_before_data: ['loses the connection before it', 'Surely not sent: it may go again.'],
  drop_in_data: ['loses the connection in its middle', 'Surely not delivered, though it looks uncertain.'],
  drop_after_data: [
    'arrives, but the answer is lost',
    'It is here, and the platform cannot know: it must say "unknown".',
  ],
  late_answer: ['arrives, but the answer takes a minute', 'It is here; whoever stops waiting cannot know.'],
};
const TEXT_KINDS = {
  server_error: [
    'arrives, but the answer is an error',
    'The provider answers "internal server error"; the message went all the same.',
  ],
  undelivered: [
    'is taken, but not delivered',
    'Some moments later the provider reports that the telephone was not reachable.',
  ],
  callbacks_out_of_order: ['is reported in the wrong order', 'First delivered, then sent, then queued.'],
  callbacks_twice: ['is reported twice', 'Every status change comes two times.'],
  no_callbacks: ['is never reported', 'The provider takes it and says nothing more.'],
};
const EMAIL_KINDS = {
  bounce_later: [
    'arrives and is returned later',
    'A moment later the mail server sends it back: there is no such mailbox.',
  ],
  complain_later: ['arrives and is called unwanted', 'A moment later the reader marks it as junk.'],
};
const EVERY_KIND = { ...KINDS, ...TEXT_KINDS, ...EMAIL_KINDS };
const CHANNELS = { email: 'Email', sms: 'SMS', whatsapp: 'WhatsApp', webhook: 'Webhook' };
const EMAIL_ONLY = ['refuse_after_data', 'defer_after_data', 'drop_in_data'];

/** Wires the dialog in which faults are set up. */
export function setUpFaults() {
  const dialog = byId('faults');
  const form = byId('new-fault');
  const { channel, kind, to, times } = form.elements;
  channel.append(...Object.entries(CHANNELS).map(([value, name]) => el('option', { value }, name)));
  times.append(
    el('option', { value: '1' }, 'once'),
    el('option', { value: '3' }, 'three times'),
    el('option', { value: 'always' }, 'every time'),
  );

  const explain = () => byId('fault-meaning').replaceChildren(EVERY_KIND[kind.value]?.[1] ?? '');
  const offer = () => {
    const offered = {
      email: { ...KINDS, ...EMAIL_KINDS },
      sms: { ...KINDS, ...TEXT_KINDS },
      whatsapp: { ...KINDS, ...TEXT_KINDS },
      webhook: KINDS,
    }[channel.value];
    const kinds = Object.entries(offered).filter(([value]) => channel.value === 'email' || !EMAIL_ONLY.includes(value));
    kind.replaceChildren(...kinds.map(([value, [name]]) => el('option', { value }, name)));
    explain();
  };
  channel.addEventListener('change', offer);
  kind.addEventListener('change', explain);
  offer();

  byId('open-faults').addEventListener('click', () => {
    dialog.showModal();
    listener(refresh)();
  });
  const setUp = listener(async () => {
    const fault = {
      channel: channel.value,
      kind: kind.value,
      times: times.value === 'always' ? 'always' : Number(times.value),
      ...(to.value.trim() === '' ? {} : { to: to.value.trim() }),
    };
    await api('/api/faults', { method: 'POST', body: fault });
    await refresh();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    setUp();
  });
}

async function refresh() {
  const { faults } = await api('/api/faults');
  byId('fault-list').replaceChildren(...faults.map(line));
}

function line(fault) {
  const often = fault.times === 'always' ? 'every time' : fault.times === 1 ? 'once' : `${fault.times} times`;
  const what = `${CHANNELS[fault.channel]} to ${fault.to ?? 'anybody'} ${EVERY_KIND[fault.kind][0]}, ${often}`;
  const remove = async () => {
    await api(`/api/faults/${fault.id}`, { method: 'DELETE' });
    await refresh();
  };
  return el(
    'li',
    {},
    el('span', {}, what),
    el('button', { type: 'button', onclick: listener(remove), 'aria-label': `Take away: ${what}` }, 'Take away'),
  );
}
