// Keeps the field page's own files, so that it opens in a dead spot. What the server says about
// anybody (everything under /v1) is never kept here, and never answered from here.
const SHELL = 'caretower-shell';
const ENTRIES = ['index.html', 'src/screens/Field.svelte'];

/** The files of the build that the field page needs, from the build's own list. */
async function files() {
  const list = await (await fetch('/shell.json', { cache: 'no-store' })).json();
  const found = new Set();
  const seen = new Set();
  const add = (name) => {
    const part = list[name];
    if (!part || seen.has(name)) return;
    seen.add(name);
    for (const file of [part.file, ...(part.css ?? []), ...(part.assets ?? [])]) found.add(`/${file}`);
    for (const other of part.imports ?? []) add(other);
  };
  ENTRIES.forEach(add);
  return ['/', '/icon.svg', ...found];
}

/** Brings the kept files up to the build that the server has now. */
async function refresh() {
  const wanted = await files();
  const kept = await caches.open(SHELL);
  await kept.addAll(wanted);
  for (const request of await kept.keys()) {
    if (!wanted.includes(new URL(request.url).pathname)) await kept.delete(request);
  }
}

/** The server's page; without the server the kept one. */
async function page(request) {
  try {
    return await fetch(request);
  } catch (lost) {
    const kept = await caches.match('/');
    if (!kept) throw lost;
    return kept;
  }
}

self.addEventListener('install', (event) => event.waitUntil(refresh().then(() => self.skipWaiting())));
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));
self.addEventListener('fetch', (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin || url.pathname.startsWith('/v1/')) return;
  if (request.mode === 'navigate') {
    event.respondWith(page(request));
    event.waitUntil(refresh().catch(() => {}));
  } else if (url.pathname.startsWith('/assets/') || url.pathname === '/icon.svg') {
    event.respondWith(caches.match(request).then((kept) => kept ?? fetch(request)));
  }
});
