import { api, byId, el, listener } from './dom.js';

const CHANNELS = { email: 'Email', sms: 'SMS', whatsapp: 'WhatsApp', webhook: 'Webhook' };
const TEXTS = ['sms', 'whatsapp'];
/** What can happen: on which channels, in words that follow "Email to anybody", and what it means. */
const KINDS = {
  refuse: [null, 'is refused', 'The provider says no for good: such an address does not exist.'],
  defer: [null, 'is told "not now"', 'The provider asks to try again later.'],
  refuse_after_data: [['email'], 'is refused after reading it', 'The mail server reads the whole message and says no.'],
  defer_after_data: [
    ['email'],
    'is told "not now" after reading it',
    'The mail server reads the whole message and asks to try again.',
  ],
  drop_before_data: [null, 'loses the connection before it', 'Surely not sent: it may go again.'],
  drop_in_data: [['email'], 'loses the connection in its middle', 'Surely not delivered, though it looks uncertain.'],
  drop_after_data: [
    null,
    'arrives, but the answer is lost',
    'It is here, and the platform cannot know: it must say "unknown".',
  ],
  late_answer: [null, 'arrives, but the answer comes late', 'It is here; whoever stops waiting cannot know.'],
  deliver_twice: [null, 'is delivered twice', 'Somebody on the way makes a second copy; the platform sent one.'],
  server_error: [
    TEXTS,
    'arrives, but the answer is an error',
    'The provider answers "internal server error"; the message went all the same.',
  ],
  undelivered: [
    TEXTS,
    'is taken, but not delivered',
    'Some moments later the provider reports that the telephone was not reachable.',
  ],
  callbacks_out_of_order: [TEXTS, 'is reported in the wrong order', 'First delivered, then sent, then queued.'],
  callbacks_twice: [TEXTS, 'is reported twice', 'Every status change comes two times.'],
  no_callbacks: [TEXTS, 'is never reported', 'The provider takes it and says nothing more.'],
  answer_stop: [TEXTS, 'is answered with STOP', 'The person wants no more; nothing may follow on this channel.'],
  bounce_later: [
    ['email'],
    'arrives and is returned later',
    'A moment later the mail server sends it back: there is no such mailbox.',
  ],
  complain_later: [
    ['email'],
    'arrives and is called unwanted',
    'A moment later the reader marks it as junk, and the provider tells.',
  ],
};
const CODES = {
  email: [
    'Reply of the mail server',
    { refuse: '550', defer: '451', refuse_after_data: '554', defer_after_data: '451' },
  ],
  sms: ['Code of the provider', { refuse: '21610', defer: '20429', undelivered: '30003' }],
  whatsapp: ['Code of the provider', { refuse: '21610', defer: '20429', undelivered: '30003' }],
  webhook: ['HTTP status', { refuse: '500', defer: '429' }],
};

/** Opens the dialog in which faults are set up. */
export function openFaults() {
  byId('faults').showModal();
  listener(drawFaults)();
}

/** Wires that dialog. */
export function setUpFaults() {
  const form = byId('new-fault');
  const { channel, kind, to, times, code, seconds, keep } = form.elements;
  channel.append(...Object.entries(CHANNELS).map(([value, name]) => el('option', { value }, name)));
  times.append(
    el('option', { value: '1' }, 'once'),
    el('option', { value: '3' }, 'three times'),
    el('option', { value: 'always' }, 'every time'),
  );

  const explain = () => {
    const [label, codes] = CODES[channel.value];
    byId('fault-code').hidden = codes[kind.value] === undefined;
    byId('fault-code').firstElementChild.textContent = label;
    code.placeholder = codes[kind.value] ?? '';
    code.value = '';
    byId('fault-delay').hidden = kind.value !== 'late_answer';
    byId('fault-keep').hidden = !['drop_after_data', 'late_answer'].includes(kind.value);
    byId('fault-meaning').textContent = KINDS[kind.value][2];
  };
  const offer = () => {
    const offered = Object.entries(KINDS).filter(([, [channels]]) => channels?.includes(channel.value) ?? true);
    kind.replaceChildren(...offered.map(([value, [, name]]) => el('option', { value }, name)));
    to.placeholder = { email: 'anybody', webhook: 'any address' }[channel.value] ?? 'anybody, or +447700900123';
    explain();
  };
  channel.addEventListener('change', offer);
  kind.addEventListener('change', explain);
  offer();

  byId('open-faults').addEventListener('click', openFaults);
  const setUp = listener(async () => {
    const lateOnly = kind.value === 'late_answer' ? { delayMs: Number(seconds.value) * 1_000 } : {};
    const fault = {
      channel: channel.value,
      kind: kind.value,
      times: times.value === 'always' ? 'always' : Number(times.value),
      ...lateOnly,
      ...(byId('fault-keep').hidden ? {} : { keep: keep.checked }),
      ...(code.value === '' || byId('fault-code').hidden ? {} : { code: Number(code.value) }),
      ...(to.value.trim() === '' ? {} : { to: to.value.trim() }),
    };
    await api('/api/faults', { method: 'POST', body: fault });
    await drawFaults();
  });
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    setUp();
  });
}

/** Shows what is set up, in the dialog and at the top of the page, where it is not forgotten. */
export async function drawFaults() {
  const { faults } = await api('/api/faults');
  byId('fault-list').replaceChildren(
    ...(faults.length === 0
      ? [el('li', { class: 'soft' }, 'Nothing is set up: everything goes well.')]
      : faults.map(line)),
  );
  const strip = byId('next-faults');
  strip.hidden = faults.length === 0;
  const takeAll = listener(async () => {
    await api('/api/faults', { method: 'DELETE' });
    await drawFaults();
  });
  strip.replaceChildren(
    el('strong', {}, 'Next: '),
    el('span', {}, faults.map(inWords).join('; ')),
    el('button', { type: 'button', onclick: takeAll }, faults.length === 1 ? 'Take it away' : 'Take all away'),
  );
}

function inWords(fault) {
  const often = fault.times === 'always' ? 'every time' : fault.times === 1 ? 'once' : `${fault.times} times`;
  return `${CHANNELS[fault.channel]} to ${fault.to ?? 'anybody'} ${KINDS[fault.kind][1]}, ${often}`;
}

function line(fault) {
  const what = inWords(fault);
  const remove = async () => {
    await api(`/api/faults/${fault.id}`, { method: 'DELETE' });
    await drawFaults();
  };
  return el(
    'li',
    {},
    el('span', {}, what),
    el('button', { type: 'button', onclick: listener(remove), 'aria-label': `Take away: ${what}` }, 'Take away'),
  );
}
