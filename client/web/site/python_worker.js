// Runs the app's Python. Takes the place of Flet's python-worker.js: that one installs packages
// from the network and begins only once Flutter is up.
import { loadPyodide } from "/pyodide/pyodide.mjs";
import * as device from "/device.js";

const APP_FOLDER = "/app";

/** The names that flet.messaging.pyodide_connection uses; it adds start_connection and send. */
const fletJs = {};

let pageIsKnown;
const page = new Promise((resolve) => {
  pageIsKnown = resolve;
});

async function fetchApp() {
  const response = await fetch("/app.zip");
  if (!response.ok) throw new Error(`app.zip: HTTP ${response.status}`);
  return response.arrayBuffer();
}

async function start() {
  const archive = fetchApp(); // Downloads while the interpreter boots.
  const pyodide = await loadPyodide({
    indexURL: "/pyodide/",
    stdout: (line) => console.log(line),
    stderr: (line) => console.error(line),
  });
  fletJs.documentUrl = device.setPageUrl(await page);
  pyodide.registerJsModule("flet_js", fletJs);
  pyodide.registerJsModule("liandong_device", { ...device });
  pyodide.unpackArchive(await archive, "zip", { extractDir: APP_FOLDER });
  // The whole of the app's code runs before Flutter connects: `ft.run` only prepares for it.
  await pyodide.runPythonAsync(`
    import os, runpy, sys
    os.chdir("${APP_FOLDER}")
    sys.path[:0] = ["${APP_FOLDER}", "${APP_FOLDER}/site-packages"]
    runpy.run_module("main", run_name="__main__")
  `);
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
  else if (data.kind === "online") device.networkIsBack();
};

start().then(
  () => self.postMessage({ kind: "ready" }),
  (error) => self.postMessage({ kind: "failed", message: String(error) }),
);
