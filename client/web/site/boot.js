// Starts the app in the window: Python's worker at once, Flutter beside it, and the service
// worker when both are up. Takes the place of Flet's python.js, which starts Python only after
// Flutter has drawn its first frame (two to three seconds later).
"use strict";

// Read by flutter_bootstrap.js and by Flet's compiled client; the names are Flet's.
// `var` makes it a property of the window, where the compiled client looks for it.
var flet = {
  pyodide: true,
  multiView: false,
  noCdn: true,
  webSocketEndpoint: "/ws",
  entrypointBaseUrl: "/",
  assetBase: "/",
  routeUrlStrategy: "path",
  canvasKitBaseUrl: "/canvaskit/",
  webRenderer: "canvaskit",
  // The build stops Flutter from asking for further fonts; unset, this would be a host outside.
  fontFallbackBaseUrl: "/fallback-fonts/",
};
flet.flutterAppLoaded = new Promise((resolve) => {
  flet.flutterAppResolve = resolve;
});

(() => {
  // The address as it was opened: Flutter's router rewrites it, and an enrolment link
  // carries its code in the fragment.
  const openedUrl = document.URL;

  const IDLE_AFTER_MS = 1500;
  const RARE_FONTS_AFTER_MS = 60_000;
  // Within this the app says whether it asks for the PIN; else the first paint's pad goes.
  const EARLY_PAD_MS_MAX = 15_000;

  // Counted up at each start and removed when the app is shown.
  const UNSHOWN_STARTS = "liandong.unshown-starts";
  const UNSHOWN_STARTS_MAX = 2;

  const overlay = document.getElementById("starting");

  function show(message, detail = "") {
    liandongPad.close(false);
    document.getElementById("starting-message").textContent = message;
    document.getElementById("starting-detail").textContent = detail;
  }

  /** Return what this browser lacks, in words for its user (what; what to do), or null. */
  function obstacle() {
    if (!window.isSecureContext) {
      return [
        "这个网址不安全（不是 https://），浏览器不让联动在手机里保存记录。\n" +
        "This address is not secure (no https://), so the browser lets Liandong save nothing.",
        "请用 https:// 开头的网址打开。试用演示：在电脑上运行 make demo-phone，" +
        "再用手机扫它显示的二维码。\n" +
        "Open the address that begins with https://. To try the demo: run make demo-phone on " +
        "the computer and scan the code that it shows.",
      ];
    }
    if (!hasStorage()) {
      return [
        "浏览器不让联动存东西。\nThe browser lets Liandong keep nothing.",
        "可能用了无痕模式，或者关掉了“Cookie 和网站数据”。" +
        "请用普通窗口打开，并在浏览器设置里允许这个网站保存数据。\n" +
        "Perhaps this is a private window, or cookies and site data are turned off. Open it in " +
        "an ordinary window, and allow this site to save data in the browser's settings.",
      ];
    }
    if (typeof WebAssembly !== "object" || !("serviceWorker" in navigator) || !crypto.subtle) {
      return [
        "这个浏览器太旧。\nThis browser is too old.",
        "请更新浏览器（Chrome 或系统浏览器）后再打开。\nPlease update it, then open this again.",
      ];
    }
    return null;
  }

  function hasStorage() {
    try {
      return Boolean(window.localStorage && window.indexedDB);
    } catch {
      return false; // Refused by a setting of the browser's.
    }
  }

  /** Save *bytes* as a file of the user's; asked for by Python, which has no document. */
  function download({ name, mime, bytes }) {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([bytes], { type: mime }));
    link.download = name;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  }

  /** Do for Python what only a window may (window_side.js); undefined when that fails. */
  async function answer(worker, { id, what }) {
    let result;
    try {
      result = await liandongWindow[what]();
    } catch (error) {
      console.info(`${what}: ${error.name}`);
    }
    worker.postMessage({ kind: "answer", id, result });
  }

  /**
   * Return the name of the snapshot of the interpreter that this start may use, or "" for none:
   * after two starts in a row that came to nothing, the third takes the plain way.
   */
  function snapshotName() {
    const failed = Number(localStorage.getItem(UNSHOWN_STARTS));
    localStorage.setItem(UNSHOWN_STARTS, failed + 1);
    return failed < UNSHOWN_STARTS_MAX ? document.documentElement.dataset.snapshot : "";
  }

  /** Give *python* a worker; settles when the app's code has run there. */
  function run(python, snapshot) {
    const worker = new Worker("/python_worker.js", { type: "module", name: snapshot });
    python.worker = worker;
    const ready = new Promise((resolve, reject) => {
      worker.onerror = (event) => reject(new Error(event.message || "python_worker.js"));
      worker.onmessage = ({ data }) => {
        if (data instanceof Uint8Array) python.onFrame(data);
        else if (data.kind === "ready") resolve(data.marks);
        else if (data.kind === "connected") python.onConnected();
        else if (data.kind === "failed") reject(new Error(data.message));
        else if (data.kind === "download") download(data);
        else if (data.kind === "ask") answer(worker, data);
      };
    });
    worker.postMessage({ kind: "page", url: openedUrl });
    return ready;
  }

  /** Start Python, from a snapshot if there is one that works; see `run` for `ready`. */
  function startPython() {
    const python = { worker: null, onFrame: null };
    python.connected = new Promise((resolve) => {
      python.onConnected = resolve;
    });
    const snapshot = snapshotName();
    python.ready = run(python, snapshot).catch((error) => {
      if (snapshot === "") throw error;
      console.warn(`Starting without a snapshot: ${error.message}`);
      python.worker.terminate();
      return run(python, "");
    }).then((marks) => {
      for (const [name, at] of marks) {
        performance.mark(name, { startTime: Math.max(0, at - performance.timeOrigin) });
      }
    });
    python.ready.catch((error) => {
      console.error(error);
      show("启动失败，已保存的记录不受影响。请关闭后重新打开。\n" +
        "Could not start; what was saved is safe. Please close and open again.",
        error.message.trim().split("\n").at(-1)); // Of a traceback, the line that says what.
    });
    window.addEventListener("online", () => python.worker.postMessage({ kind: "online" }));
    return python;
  }

  /** Take the first paint away, then see to what may wait: the offline copies. */
  function appIsShown(python) {
    if (liandongPad.isOpen()) setTimeout(() => liandongPad.close(true), EARLY_PAD_MS_MAX);
    else overlay.remove();
    performance.mark("app:shown");
    localStorage.removeItem(UNSHOWN_STARTS);
    python.worker.postMessage({ kind: "shown" });
    // Only now: installing reads every file again, and would slow the first start.
    navigator.serviceWorker.register("/sw.js").catch((error) => console.warn(error));
    // And these only when nobody is likely to wait for anything: 17 MB for rare names.
    setTimeout(async () => {
      const { active } = await navigator.serviceWorker.ready;
      active.postMessage({ kind: "keep rare fonts" });
    }, RARE_FONTS_AFTER_MS);
  }

  /** Return a function to call with each frame from Python; the second is the first screen. */
  function firstScreenWatch(python) {
    let frames = 0;
    return () => {
      frames += 1; // The first frame only registers the client.
      if (frames !== 2) return;
      performance.mark("app:first-frame");
      requestAnimationFrame(() => requestAnimationFrame(() => appIsShown(python)));
    };
  }

  /** Return the service worker of a newer version that waits, if there is one. */
  async function newVersion() {
    return (await navigator.serviceWorker.getRegistration())?.waiting;
  }

  /**
   * Let the newer version take over; tell whether it did (the page is then reloading).
   * It refuses while another window of the app is open: that one runs on the old files.
   */
  async function makeWayFor(waiting) {
    show("正在更新…");
    const { port1, port2 } = new MessageChannel();
    const busy = new Promise((resolve) => {
      port1.onmessage = () => resolve(false);
    });
    const active = new Promise((resolve) => {
      waiting.onstatechange = () => waiting.state === "activated" && resolve(true);
    });
    // Chrome makes the change at once if the old version is idle, and else forgets about it for
    // half a minute: this page's own first files must be through.
    await new Promise((resolve) => setTimeout(resolve, IDLE_AFTER_MS));
    waiting.postMessage({ kind: "take over" }, [port2]);
    if (!(await Promise.race([active, busy]))) return false;
    window.location.reload();
    return true;
  }

  /** Define what Flet's compiled client calls; it names each connection. */
  function defineConnections(started) {
    const connections = {};
    let early = started;
    const watch = firstScreenWatch(started);

    window.jsConnect = async (id, _args, onFrame) => {
      performance.mark("app:connect");
      const python = early ?? startPython();
      early = null; // A connection closed by Flet ends its worker: the next needs a new one.
      connections[id] = python;
      python.onFrame = (frame) => {
        onFrame(frame);
        watch();
      };
      await python.ready;
      python.worker.postMessage({ kind: "connect" });
      await python.connected;
    };
    window.jsSend = async (id, frame) => {
      connections[id]?.worker.postMessage(frame, [frame.buffer]);
    };
    window.jsDisconnect = async (id) => {
      connections[id]?.worker.terminate();
      delete connections[id];
    };
  }

  async function start() {
    performance.mark("app:boot");
    const lacking = obstacle();
    if (lacking) {
      show(...lacking);
      return;
    }
    liandongPad.open();
    let python = startPython(); // What takes longest begins first.
    const waiting = await newVersion();
    if (waiting) {
      python.worker.terminate();
      if (await makeWayFor(waiting)) return;
      python = startPython();
    }
    if (!navigator.serviceWorker.controller && !liandongPad.isOpen()) {
      show("正在启动…", "第一次打开需要下载约 10 MB，之后没有网络也能用。\n" +
        "The first time downloads about 10 MB; after that it opens without a network.");
    }
    defineConnections(python);
    const flutter = document.createElement("script");
    flutter.src = "/flutter_bootstrap.js";
    document.body.append(flutter);
  }

  // WebKit restores a page from its back/forward cache with Flutter's frames stopped for good
  // (noted in Flet's own index.html); only a fresh start recovers.
  window.addEventListener("pageshow", (event) => {
    if (event.persisted && navigator.vendor.startsWith("Apple")) window.location.reload();
  });

  start();
})();
