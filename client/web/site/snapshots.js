// Memory images of a Python interpreter that has imported the app and done nothing else: no
// storage opened, no address known, nobody unlocked. Kept in this origin's private files, one
// at a time, under the digest of the build that it was made from.

const FOLDER = "interpreter";
const DIGEST_BYTES = 32; // SHA-256 of the image, before the image itself.

async function folder() {
  const root = await navigator.storage.getDirectory();
  return root.getDirectoryHandle(FOLDER, { create: true });
}

async function digestOf(image) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", image));
}

/** Return the image kept under *name* if it is whole, else undefined. */
export async function readSnapshot(name) {
  try {
    const handle = await (await folder()).getFileHandle(name);
    const kept = new Uint8Array(await (await handle.getFile()).arrayBuffer());
    if (kept.length <= DIGEST_BYTES) return undefined; // Made, and never written.
    const image = kept.subarray(DIGEST_BYTES);
    const digest = await digestOf(image);
    return digest.every((byte, i) => byte === kept[i]) ? image : undefined;
  } catch (error) {
    if (error.name !== "NotFoundError") console.warn(`No snapshot: ${error}`);
    return undefined;
  }
}

/** Keep *image* under *name*, and no other; until the file is whole, there is none. */
export async function keepSnapshot(name, image) {
  await forgetSnapshots();
  const handle = await (await folder()).getFileHandle(name, { create: true });
  const file = await handle.createWritable(); // A copy: close() puts it in place, at once or not.
  await file.write(await digestOf(image));
  await file.write(image);
  await file.close();
}

/** Remove what is kept, if anything is. */
export async function forgetSnapshots() {
  const kept = await folder();
  for await (const name of kept.keys()) await kept.removeEntry(name);
}
