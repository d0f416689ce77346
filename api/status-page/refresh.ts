/** Runs in the browser: fetches the page again and puts its new content in place, so that the page lives by itself. */
export const REFRESH_SCRIPT = `
const everyMs = 2000;
async function refresh() {
  if (document.hidden) return;
  try {
    const answer = await fetch(location.href, { headers: { accept: 'text/html' } });
    if (!answer.ok) throw new Error(String(answer.status));
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html');
    const now = document.querySelector('main'), next = fresh.querySelector('main');
    if (now && next && now.innerHTML !== next.innerHTML) now.innerHTML = next.innerHTML;
    document.getElementById('lost').hidden = true;
  } catch { document.getElementById('lost').hidden = false; }
}
setInterval(refresh, everyMs);
document.addEventListener('visibilitychange', refresh);
`;
