/** Runs in the browser: fetches the page again and puts its new content in place, so that the page lives by itself. */
export const REFRESH_SCRIPT = `
const everyMs = 2000;
// Whoever reads on by keyboard, or has scrolled a table sideways, stays where they are.
function replace(now, next) {
  const stops = () => [...now.querySelectorAll('a, .table')];
  const place = stops().indexOf(document.activeElement);
  const same = document.activeElement?.getAttribute?.('href');
  const scrolled = [...now.querySelectorAll('.table')].map((table) => table.scrollLeft);
  now.innerHTML = next.innerHTML;
  now.querySelectorAll('.table').forEach((table, index) => { table.scrollLeft = scrolled[index] ?? 0; });
  if (place === -1) return;
  const again = same ? stops().find((stop) => stop.getAttribute('href') === same) : undefined;
  (again ?? stops()[place])?.focus({ preventScroll: true });
}
async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
    if (!answer.ok) throw new Error(String(answer.status));
    // The main part alone: the style of the whole would be refused, for its nonce is another page's.
    const [part = ''] = /<main>[^]*<\\/main>/.exec(await answer.text()) ?? [];
    const fresh = document.createElement('template');
    fresh.innerHTML = part;
    const now = document.querySelector('main'), next = fresh.content.querySelector('main');
    if (now && next && now.innerHTML !== next.innerHTML) replace(now, next);
    document.getElementById('lost').hidden = true;
  } catch { document.getElementById('lost').hidden = false; }
}
setInterval(refresh, everyMs);
document.addEventListener('visibilitychange', refresh);
`;
