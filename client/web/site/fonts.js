// Whether a font for rare names can be had now: asked by Python before it tells Flutter to load it,
// because Flutter asks once for each address and gives up.

/** Return true when *path* is kept on this device or comes over the network. */
export async function canBeHad(path) {
  try {
    // At the very first start this worker is older than the service worker, and its requests
    // pass that by.
    const answer = (await caches.match(path)) ?? (await fetch(path));
    await answer.arrayBuffer(); // One that is dropped half-read is broken off.
    return answer.ok;
  } catch {
    return false;
  }
}
