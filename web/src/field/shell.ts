/** Lets the page itself be opened in a dead spot: `public/sw.js` keeps its files, and never an answer of the server. */
export function keepShell(): void {
  if (import.meta.env.DEV || !('serviceWorker' in navigator)) return;
  navigator.serviceWorker.register('/sw.js').catch(() => {});
}
