// Runs the app's Python. Takes the place of Flet's python-worker.js: that one installs packages
// from the network and begins only once Flutter is up.
//
// A start that finds a snapshot (see snapshots.js) puts it in place of booting and importing; one
// that finds none boots, imports, and takes the snapshot for the next start. `self.name` is the
// snapshot's name, or "" for a plain start that neither reads nor takes one.
import * as device from "/device.js";
import * as fonts from "/fonts.js";
import { forgetSnapshots, keepSnapshot, readSnapshot } from "/snapshots.js";

const PYODIDE = "/pyodide/";

// Runs in a fresh interpreter, before the snapshot: all that a start imports, and only that.
const IMPORT_EVERYTHING = `
import gc, importlib, json, runpy, sys
sys.path[:0] = ["/app.zip", "/packages.zip"]
import flet, zipimport
preload = json.loads(zipimport.zipimporter("/app.zip").get_data("preload.json"))
for name in preload["modules"]:
    importlib.import_module(name)
for name in preload["flet_names"]:
    getattr(flet, name)
del name, preload
gc.collect()
gc.freeze()
`;

// Runs at each start. A restored interpreter has the snapshot's random state: anew, then.
const RUN_THE_APP = `
import random, runpy
random.seed()
runpy.run_module("main", run_name="__main__")
`;

const marks = [];

/** Note when *name* was reached, in milliseconds since 1970: the window's clock began earlier. */
function mark(name) {
  marks.push([name, performance.timeOrigin + performance.now()]);
}

/** The names that flet.messaging.pyodide_connection uses; it adds start_connection and send. */
const fletJs = {};
const jsModules = { flet_js: fletJs, liandong_device: { ...device }, liandong_fonts: { ...fonts } };

let pageIsKnown;
const page = new Promise((resolve) => {
  pageIsKnown = resolve;
});
let appIsShown;
const shown = new Promise((resolve) => {
  appIsShown = resolve;
});

async function fetched(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
  return response;
}

async function bytesOf(path) {
  return new Uint8Array(await (await fetched(path)).arrayBuffer());
}

async function textOf(path) {
  return (await fetched(path)).text();
}

/** Give Pyodide the runtime whose compilation began long before it asks. */
function usePrecompiled(wasm) {
  WebAssembly.instantiateStreaming = async (_source, imports) => {
    const module = await wasm;
    return { module, instance: await WebAssembly.instantiate(module, imports) };
  };
}

/** Return an interpreter that has imported the app. */
async function interpreter(snapshotName) {
  // All that it takes is under way before the first of it is needed.
  const wasm = WebAssembly.compileStreaming(fetched(`${PYODIDE}pyodide.asm.wasm`));
  usePrecompiled(wasm);
  const lockFileContents = textOf(`${PYODIDE}pyodide-lock.json`);
  const archives = Promise.all(["/packages.zip", "/app.zip"].map(bytesOf));
  const image = snapshotName ? readSnapshot(snapshotName) : undefined;
  const engine = import(`${PYODIDE}pyodide.asm.mjs`);
  const { loadPyodide } = await import(`${PYODIDE}pyodide.mjs`);

  const snapshot = await image;
  mark(snapshot ? "python:snapshot-read" : "python:no-snapshot");
  const loading = loadPyodide({
    indexURL: PYODIDE,
    packageBaseUrl: PYODIDE,
    stdLibURL: "/stdlib.zip",
    lockFileContents,
    stdout: (line) => console.log(line),
    stderr: (line) => console.error(line),
    createPyodideModule: async (settings) => {
      const module = await (await engine).default(settings);
      // Pyodide copies a snapshot into memory of the size that it begins with.
      if (snapshot) module.growMemory(snapshot.length);
      return module;
    },
    _makeSnapshot: !snapshot && snapshotName !== "",
    _loadSnapshot: snapshot,
    _snapshotDeserializer: (name) => jsModules[name],
  });
  // Pyodide itself would wait for ever for a runtime that does not come.
  const [pyodide] = await Promise.all([loading, wasm]);
  mark("python:booted");
  const [packages, app] = await archives;
  pyodide.FS.writeFile("/packages.zip", packages, { canOwn: true });
  pyodide.FS.writeFile("/app.zip", app, { canOwn: true });
  if (!snapshot) await importEverything(pyodide, snapshotName);
  return pyodide;
}

async function importEverything(pyodide, snapshotName) {
  for (const [name, module] of Object.entries(jsModules)) pyodide.registerJsModule(name, module);
  pyodide.runPython(IMPORT_EVERYTHING);
  mark("python:imported");
  if (snapshotName === "") {
    shown.then(forgetSnapshots).catch((error) => console.warn(error)); // It was of no use.
    return;
  }
  const names = new Map(Object.entries(jsModules).map(([name, module]) => [module, name]));
  try {
    const image = pyodide.makeMemorySnapshot({ serializer: (object) => names.get(object) });
    mark("python:snapshot-taken");
    // Writing it can wait: the person can't.
    shown.then(() => keepSnapshot(snapshotName, image)).catch((error) => console.warn(error));
  } catch (error) {
    console.warn(`No snapshot could be taken: ${error}`);
  }
}

async function start() {
  mark("python:worker");
  const storage = device.openStorage().catch(() => undefined); // Asked again, and told, by Python.
  const pyodide = await interpreter(self.name);
  fletJs.documentUrl = device.setPageUrl(await page);
  await storage;
  mark("python:ready");
  // The whole of the app's code runs before Flutter connects: `ft.run` only prepares for it.
  await pyodide.runPythonAsync(RUN_THE_APP);
  mark("python:waiting");
}

/** Pass a frame from Python to Flutter, without copying it once more on the way. */
function sendFrame(message) {
  const frame = message.toJs();
  self.postMessage(frame, [frame.buffer]);
}

/** Let Flet's Python side take frames; only then may the window send the first. */
async function connect() {
  await fletJs.start_connection(sendFrame);
  self.postMessage({ kind: "connected" });
}

self.onmessage = ({ data }) => {
  if (data instanceof Uint8Array) fletJs.send(data);
  else if (data.kind === "page") pageIsKnown(data.url);
  else if (data.kind === "connect") connect();
  else if (data.kind === "shown") appIsShown();
  else if (data.kind === "online") device.networkIsBack();
};

start().then(
  () => self.postMessage({ kind: "ready", marks }),
  (error) => self.postMessage({ kind: "failed", message: String(error) }),
);
