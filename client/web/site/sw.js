// Keeps the whole app on the phone. Each version has a cache of its own, filled completely
// before it is used; a new version waits for the next start of the app with no other window of
// it open (boot.js asks), so that no running app ever mixes the files of two versions.
"use strict";

// Filled in by client.web.service_worker: the digest of each file, as in an integrity attribute.
const VERSION = "{{version}}";
const FILES = {{files}};
const RARE = {{rare}}; // Fonts of rare names: 17 MB that no start waits for.

const PREFIX = "liandong-app-";
const CACHE = PREFIX + VERSION;

// Flutter has two builds of its renderer, 7 MB each, and loads the one under chromium/ where the
// browser breaks lines itself (see flutter_bootstrap.js); a phone keeps only its own.
const OTHER_RENDERER = "v8BreakIterator" in Intl ? "/canvaskit/canvaskit." : "/canvaskit/chromium/";
const MANIFEST = "/precached-files.json"; // Not a file of the app: what a cache says of itself.

/** Return the copy of *path* that an older version left here, if its content is the same. */
async function copyFromOlderVersion(path) {
  for (const name of await caches.keys()) {
    if (!name.startsWith(PREFIX) || name === CACHE) continue;
    const older = await caches.open(name);
    const files = await (await older.match(MANIFEST))?.json();
    if (files?.[path] === FILES[path]) return older.match(path);
  }
  return undefined;
}

async function fetchWhole(path) {
  // "no-cache" asks the server whether its file has changed: right after a first start the
  // browser holds most of them, so this is cheap. The digest refuses a half-deployed version.
  const response = await fetch(path, { cache: "no-cache", integrity: FILES[path] });
  if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
  return response;
}

async function install() {
  const cache = await caches.open(CACHE);
  const needed = Object.keys(FILES).filter((path) => !path.startsWith(OTHER_RENDERER));
  await Promise.all(needed.map(async (path) => {
    if (await cache.match(path)) return; // Kept by an attempt that was cut short.
    const older = await copyFromOlderVersion(path);
    if (older) await cache.put(path, older);
    else if (!path.startsWith(RARE)) await cache.put(path, await fetchWhole(path));
  }));
  await cache.put(MANIFEST, new Response(JSON.stringify(FILES)));
}

async function activate() {
  // Only our own: other caches of this origin are somebody else's.
  const names = await caches.keys();
  const outdated = names.filter((name) => name.startsWith(PREFIX) && name !== CACHE);
  await Promise.all(outdated.map((name) => caches.delete(name)));
  await self.clients.claim();
}

/** Become the active version if only the window that asks is open; else say so on *port*. */
async function takeOver(port) {
  const windows = await self.clients.matchAll({ type: "window", includeUncontrolled: true });
  if (windows.length > 1) port.postMessage("busy");
  else await self.skipWaiting();
}

/** Keep the fonts of rare names too, one after the other; what is cut short goes on next time. */
async function keepRareFonts() {
  const link = self.navigator.connection;
  if (link?.saveData || link?.effectiveType?.endsWith("2g")) return; // Asked for one by one.
  const cache = await caches.open(CACHE);
  for (const path of Object.keys(FILES)) {
    if (!path.startsWith(RARE) || (await cache.match(path))) continue;
    try {
      await cache.put(path, await fetchWhole(path));
    } catch {
      return; // No network, or no room: a character is blank, the app goes on.
    }
  }
}

/** Return the cached file for *path*; what the browser has lost is fetched, and kept again. */
async function answer(path) {
  const cache = await caches.open(CACHE);
  const kept = await cache.match(path);
  if (kept) return kept;
  const fetched = await fetchWhole(path);
  await cache.put(path, fetched.clone());
  return fetched;
}

self.addEventListener("install", (event) => event.waitUntil(install()));
self.addEventListener("activate", (event) => event.waitUntil(activate()));
self.addEventListener("message", (event) => {
  if (event.data.kind === "take over") event.waitUntil(takeOver(event.ports[0]));
  else if (event.data.kind === "keep rare fonts") event.waitUntil(keepRareFonts());
});
self.addEventListener("fetch", (event) => {
  const { request } = event;
  const { origin, pathname } = new URL(request.url);
  if (request.method !== "GET" || origin !== self.location.origin) return;
  if (pathname.startsWith("/api/")) return;
  if (pathname in FILES) event.respondWith(answer(pathname));
  else if (request.mode === "navigate") event.respondWith(answer("/"));
});
