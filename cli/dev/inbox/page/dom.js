/**
 * Makes an element. Text becomes text nodes and nothing else, so whatever a message says stays inert.
 *
 * @param {string} tag
 * @param {Record<string, string | boolean | null | undefined | ((event: Event) => void)>} [attributes] functions become listeners of the event after `on`
 * @param {...(Node | string | null | undefined | false)} children
 * @returns {HTMLElement}
 */
export function el(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value !== undefined && value !== null) element.setAttribute(name, value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** One of the drawings at the top of the page, for the eye alone. @param {string} name */
export function icon(name) {
  const namespace = 'http://www.w3.org/2000/svg';
  const drawing = document.createElementNS(namespace, 'svg');
  drawing.setAttribute('class', 'icon');
  drawing.setAttribute('aria-hidden', 'true');
  const use = document.createElementNS(namespace, 'use');
  use.setAttribute('href', `#icon-${name}`);
  drawing.append(use);
  return drawing;
}

/** @param {string} id */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`The page has no #${id}.`);
  return element;
}

/**
 * Asks the inbox's own API.
 *
 * @param {string} path
 * @param {{ method?: string, body?: unknown }} [options]
 * @returns {Promise<any>} the answer, or null where there is none
 */
export async function api(path, { method = 'GET', body } = {}) {
  const response = await fetch(path, {
    method,
    ...(body === undefined ? {} : { headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }),
  });
  if (response.status === 204 || response.status === 404) return null;
  const answer = await response.json();
  if (!response.ok) throw new Error(answer.message);
  return answer;
}

/**
 * Makes a listener of work that takes a while; when it fails, the page says so instead of staying silent.
 *
 * @param {(event: any) => Promise<unknown>} work
 * @returns {(event?: any) => void}
 */
export function listener(work) {
  return (event) => {
    work(event).catch((error) => tell(error instanceof Error ? error.message : 'That did not work.'));
  };
}

let hiding;

/**
 * Says what has happened, for some seconds.
 *
 * @param {string} text
 * @param {{ name: string, act: () => Promise<unknown> }} [offer] a way back
 */
export function tell(text, offer) {
  const toast = byId('toast');
  const hide = () => {
    toast.hidden = true;
  };
  const act =
    offer &&
    listener(async () => {
      hide();
      await offer.act();
    });
  toast.replaceChildren(text, ...(offer ? [el('button', { type: 'button', onclick: act }, offer.name)] : []));
  toast.hidden = false;
  clearTimeout(hiding);
  hiding = setTimeout(hide, 8_000);
}

/** An address as people write it: Twilio puts the channel before the numbers of WhatsApp. @param {string} address */
export const shown = (address) => address.replace(/^whatsapp:/, '');

/** A time of today, or a day and a time. @param {string} instant */
export function clock(instant) {
  const date = new Date(instant);
  const today = date.toDateString() === new Date().toDateString();
  const time = { hour: '2-digit', minute: '2-digit' };
  return today
    ? date.toLocaleTimeString([], time)
    : date.toLocaleString([], { day: 'numeric', month: 'short', ...time });
}
