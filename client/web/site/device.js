// What client.device.browser asks of the browser, inside Python's worker: IndexedDB, WebCrypto,
// fetch, locks. Each function is one await for Python; lists cross the border packed into one
// array, because each object that crosses costs as much as ten encryptions.

export * from "/files.js";
export * from "/http.js";
export * from "/page.js";

const JOURNAL = { name: "liandong-journal", stores: ["records"] };
const DEVICE = { name: "liandong-device", stores: ["settings", "keys"] };
const NONCE_BYTES = 12;
const RANDOM_BYTES_MAX = 65_536; // of one getRandomValues call
const PIN_ITERATIONS = 600_000;
const LEADER_LOCK = "liandong-leader";

// ---------------------------------------------------------------- packed lists of byte strings

/** Split [count, length × count, bytes…] (little-endian 32-bit numbers) into views of its parts. */
function unpack(packed) {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const count = view.getUint32(0, true);
  const parts = new Array(count);
  let start = 4 + 4 * count;
  for (let i = 0; i < count; i += 1) {
    const length = view.getUint32(4 + 4 * i, true);
    parts[i] = packed.subarray(start, start + length);
    start += length;
  }
  return parts;
}

/** Join *parts* (each a Uint8Array) in the form that `unpack` splits. */
function pack(parts) {
  const head = 4 + 4 * parts.length;
  const packed = new Uint8Array(parts.reduce((sum, part) => sum + part.length, head));
  const view = new DataView(packed.buffer);
  view.setUint32(0, parts.length, true);
  let start = head;
  parts.forEach((part, i) => {
    view.setUint32(4 + 4 * i, part.length, true);
    packed.set(part, start);
    start += part.length;
  });
  return packed;
}

// ------------------------------------------------------------------------------- IndexedDB

const opened = new Map();

/**
 * Return *error* as one that Python is told of. Pyodide takes for an error what has a stack, which
 * Chromium's own QuotaExceededError has not: Python would wait for it for ever.
 */
function tellable(error) {
  // The browser gives no error when it was itself that closed the database.
  return new DOMException(error?.message ?? "", error?.name ?? "AbortError");
}

/** Open *database* once; again after the browser has closed it (storage cleared by the user). */
function open(database) {
  if (!opened.has(database.name)) {
    opened.set(database.name, new Promise((resolve, reject) => {
      const request = indexedDB.open(database.name, 1);
      request.onupgradeneeded = () => {
        for (const store of database.stores) request.result.createObjectStore(store);
      };
      request.onerror = () => {
        opened.delete(database.name);
        reject(tellable(request.error));
      };
      request.onsuccess = () => {
        request.result.onclose = () => opened.delete(database.name);
        resolve(request.result);
      };
    }));
  }
  return opened.get(database.name);
}

/** Return the results of the requests that *ask* makes of *store*: one moment's picture. */
async function read(database, store, ask) {
  const transaction = (await open(database)).transaction([store], "readonly");
  return Promise.all(ask(transaction.objectStore(store)).map((request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(tellable(request.error));
    })));
}

/** Let *change* write to *store*; settle only once the disk has it. */
async function write(database, store, change) {
  const db = await open(database);
  // Chrome's default is "relaxed": complete once the system has it, which a power cut undoes.
  const transaction = db.transaction([store], "readwrite", { durability: "strict" });
  change(transaction.objectStore(store));
  return new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    transaction.onabort = () => reject(tellable(transaction.error));
  });
}

/** Open (or make) both databases, so that a browser without storage says so at the start. */
export async function openStorage() {
  await Promise.all([open(JOURNAL), open(DEVICE)]);
}

// ---------------------------------------------------------------------------------- journal

/** Return all records, packed; a position that holds none comes as an empty record. */
export async function journalLoad() {
  const [positions, records] = await read(JOURNAL, "records", (store) =>
    [store.getAllKeys(), store.getAll()]);
  const rows = new Array((positions.at(-1) ?? -1) + 1).fill(new Uint8Array());
  positions.forEach((position, i) => {
    rows[position] = records[i];
  });
  return pack(rows);
}

export async function journalAppend(position, record) {
  await write(JOURNAL, "records", (store) => store.add(record, position));
}

export async function journalReplace(position, record) {
  await write(JOURNAL, "records", (store) => store.put(record, position));
}

// --------------------------------------------------------------------------------- settings

export async function settingGet(name) {
  const [value] = await read(DEVICE, "settings", (store) => [store.get(name)]);
  return value;
}

export async function settingPut(name, value) {
  await write(DEVICE, "settings", (store) => store.put(value, name));
}

export async function settingDelete(name) {
  await write(DEVICE, "settings", (store) => store.delete(name));
}

// ------------------------------------------------------------------------------------- keys

const SIGNING = { name: "ECDSA", namedCurve: "P-256" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };

/** Return the key kept under *name*; make and keep it first when *make* is given. */
async function keptKey(name, make) {
  const [kept] = await read(DEVICE, "keys", (store) => [store.get(name)]);
  if (kept || !make) return kept;
  const made = await make();
  try {
    await write(DEVICE, "keys", (store) => store.add(made, name));
    return made;
  } catch (error) {
    if (error.name !== "ConstraintError") throw error;
    return keptKey(name); // Another tab was quicker: there is one key, and this is it.
  }
}

/** Return the public point of the device's signing key, made now if there is none. */
export async function createSigningKey() {
  const pair = await keptKey("signing", () =>
    crypto.subtle.generateKey(SIGNING, false, ["sign", "verify"]));
  return new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
}

/** Return the signature, or undefined when this device has no signing key. */
export async function sign(message) {
  const pair = await keptKey("signing");
  if (!pair) return undefined;
  return new Uint8Array(await crypto.subtle.sign(SIGNATURE, pair.privateKey, message));
}

export async function verify(publicKey, message, signature) {
  try {
    const key = await crypto.subtle.importKey("raw", publicKey, SIGNING, false, ["verify"]);
    return await crypto.subtle.verify(SIGNATURE, key, signature, message);
  } catch (error) {
    if (error.name === "DataError") return false; // Not a point of the curve.
    throw error;
  }
}

/** Derive 32 bytes from the PIN, then bind them to this device's secret. */
export async function unlockKey(pin, salt) {
  const typed = await crypto.subtle.importKey("raw", pin, "PBKDF2", false, ["deriveBits"]);
  const stretched = await crypto.subtle.deriveBits(
    { name: "PBKDF2", hash: "SHA-256", salt, iterations: PIN_ITERATIONS }, typed, 256);
  const secret = await keptKey("secret", () =>
    crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-256", length: 256 }, false, ["sign"]));
  const bound = new Uint8Array(32 + salt.length);
  bound.set(new Uint8Array(stretched));
  bound.set(salt, 32);
  return new Uint8Array(await crypto.subtle.sign("HMAC", secret, bound));
}

export async function forgetKeys() {
  await write(DEVICE, "keys", (store) => store.clear());
}

function importSealingKey(key, use) {
  return crypto.subtle.importKey("raw", key, "AES-GCM", false, [use]);
}

/** Seal packed [context, content, context, content, …]; each result is nonce, then ciphertext. */
export async function seal(key, packed) {
  const sealingKey = await importSealingKey(key, "encrypt");
  const parts = unpack(packed);
  const nonces = new Uint8Array((parts.length / 2) * NONCE_BYTES);
  for (let start = 0; start < nonces.length; start += RANDOM_BYTES_MAX) {
    crypto.getRandomValues(nonces.subarray(start, start + RANDOM_BYTES_MAX));
  }
  const sealed = [];
  for (let i = 0; i < parts.length; i += 2) {
    const iv = nonces.subarray((i / 2) * NONCE_BYTES, (i / 2 + 1) * NONCE_BYTES);
    sealed.push(crypto.subtle
      .encrypt({ name: "AES-GCM", iv, additionalData: parts[i] }, sealingKey, parts[i + 1])
      .then((ciphertext) => {
        const row = new Uint8Array(NONCE_BYTES + ciphertext.byteLength);
        row.set(iv);
        row.set(new Uint8Array(ciphertext), NONCE_BYTES);
        return row;
      }));
  }
  return pack(await Promise.all(sealed));
}

/** Open packed [context, sealed, …]; undefined when any of them does not open. */
export async function unseal(key, packed) {
  const sealingKey = await importSealingKey(key, "decrypt");
  const parts = unpack(packed);
  const contents = [];
  for (let i = 0; i < parts.length; i += 2) {
    const iv = parts[i + 1].subarray(0, NONCE_BYTES);
    contents.push(crypto.subtle
      .decrypt({ name: "AES-GCM", iv, additionalData: parts[i] }, sealingKey,
        parts[i + 1].subarray(NONCE_BYTES))
      .then((content) => new Uint8Array(content)));
  }
  try {
    return pack(await Promise.all(contents));
  } catch (error) {
    if (error.name === "OperationError") return undefined; // WebCrypto's word for a wrong tag.
    throw error;
  }
}

const AGREEMENT = { name: "ECDH", namedCurve: "P-256" };

function makeAgreementKey() {
  return crypto.subtle.generateKey(AGREEMENT, false, ["deriveBits"]);
}

/** Return what the key pair has in common with *publicKey*; undefined when that is no point. */
async function agreed(pair, publicKey) {
  try {
    const theirs = await crypto.subtle.importKey("raw", publicKey, AGREEMENT, false, []);
    const secret = await crypto.subtle.deriveBits(
      { name: "ECDH", public: theirs }, pair.privateKey, 256);
    return new Uint8Array(secret);
  } catch (error) {
    if (error.name === "DataError") return undefined;
    throw error;
  }
}

async function pointOf(pair) {
  return new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
}

function answerPair() {
  return keptKey("answer", makeAgreementKey);
}

/** Return packed [point of a fresh key, what it has in common with *publicKey*], or undefined. */
export async function agreeOnce(publicKey) {
  const pair = await makeAgreementKey();
  const secret = await agreed(pair, publicKey);
  return secret && pack([await pointOf(pair), secret]);
}

/** Return the public point of the key for answers, made now if there is none. */
export async function answerKey() {
  return pointOf(await answerPair());
}

export async function agree(publicKey) {
  return agreed(await answerPair(), publicKey);
}

export async function sealOnce(key, iv, content) {
  const sealingKey = await importSealingKey(key, "encrypt");
  return new Uint8Array(
    await crypto.subtle.encrypt({ name: "AES-GCM", iv }, sealingKey, content));
}

// ----------------------------------------------------------------------------------- clocks

export function wallMs() {
  return Date.now();
}

export function monotonicMs() {
  return performance.now();
}

// ------------------------------------------------------------------------- the page around us

let pageUrl;

/** Remember the address that the window was opened with; called once, before Python runs. */
export function setPageUrl(url) {
  pageUrl = new URL(url);
  return url;
}

export function pageOrigin() {
  return pageUrl.origin;
}

export function pageFragment() {
  return pageUrl.hash.slice(1);
}

/** Tell whether this page leads; if it does, it leads until it is closed. */
export async function holdLeadership() {
  return requestLeadership({ ifAvailable: true });
}

/** Return once this page leads, which may be never. */
export async function waitForLeadership() {
  await requestLeadership({});
}

function requestLeadership(options) {
  return new Promise((resolve, reject) => {
    navigator.locks.request(LEADER_LOCK, options, (lock) => {
      resolve(lock !== null);
      return lock && new Promise(() => {}); // The lock is held as long as this is pending.
    }).catch(reject);
  });
}

let networkWatcher = () => {};

/** Call *callback* whenever the browser believes that there is a network again. */
export function watchNetwork(callback) {
  networkWatcher = callback;
}

/** Chromium tells the window alone; the window passes it on to this worker. */
export function networkIsBack() {
  networkWatcher();
}

export function offerDownload(name, bytes, mime) {
  self.postMessage({ kind: "download", name, bytes, mime });
}
