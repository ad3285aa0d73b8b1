// The window's help, for Python's worker: what the browser grants to a window alone.

let lastAsked = 0;
const asked = new Map();

self.addEventListener("message", ({ data }) => {
  if (data.kind !== "answer") return;
  asked.get(data.id)?.(data.result);
  asked.delete(data.id);
});

/** Ask the window to do *what*, a function of window_side.js; undefined when it can't. */
function askWindow(what) {
  lastAsked += 1;
  const id = lastAsked;
  return new Promise((resolve) => {
    asked.set(id, resolve);
    self.postMessage({ kind: "ask", id, what });
  });
}

export async function storagePersist() {
  return (await askWindow("persist")) === true;
}

/** Return [bytes used, bytes granted, whether the browser has promised to keep them]. */
export async function storageEstimate() {
  const [{ usage, quota }, isPersistent] =
    await Promise.all([navigator.storage.estimate(), navigator.storage.persisted()]);
  return [usage, quota, isPersistent];
}

/** Return what was typed on the first paint's pad, once; it goes away. */
export async function firstPadTake() {
  return (await askWindow("pinKeys")) ?? "";
}

/** Take the first paint's pad away: no PIN is asked for. */
export async function firstPadAway() {
  await askWindow("noPin");
}

export async function installWay() {
  return (await askWindow("installWay")) ?? "none";
}

export async function install() {
  return (await askWindow("install")) === true;
}
