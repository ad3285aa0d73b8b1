// What only the window may ask of the browser: to keep this site's storage, to install the app.
// Python's worker asks for it through boot.js (page.js is its side).
"use strict";

// `var`: boot.js reads it, and a const of one classic script is no property of the window.
var liandongWindow = (() => {
  // Chromium's word that the app may be installed: kept for the moment when the person asks.
  let offer = null;
  let hasInstalled = false;

  window.addEventListener("beforeinstallprompt", (event) => {
    event.preventDefault(); // No banner of the browser's over a screen that somebody works on.
    offer = event;
  });
  window.addEventListener("appinstalled", () => {
    offer = null;
    hasInstalled = true;
  });

  function isInstalled() {
    return hasInstalled || navigator.standalone === true ||
      window.matchMedia("(display-mode: standalone)").matches;
  }

  /** An iPad says that it is a Mac; no Mac is touched with several fingers. */
  function isIos() {
    return /iPad|iPhone|iPod/.test(navigator.userAgent) ||
      (navigator.platform === "MacIntel" && navigator.maxTouchPoints > 1);
  }

  return {
    /** Ask the browser to keep what is stored here whatever happens; tell whether it will. */
    async persist() {
      return Boolean(await navigator.storage?.persist?.());
    },

    /** The PIN is asked for: give what was typed on the first paint's pad (early_pad.js). */
    pinKeys: () => liandongPad.handOver(),

    /** No PIN is asked for. */
    noPin: () => liandongPad.forget(),

    /** Tell how this app comes onto the home screen; the words are client.status.InstallWay's. */
    async installWay() {
      if (isInstalled()) return "installed";
      if (offer) return "offered";
      return isIos() ? "by-hand" : "none";
    },

    /** Let the browser ask the person; tell whether they said yes. */
    async install() {
      const asked = offer;
      offer = null; // It can be used once.
      if (!asked) return false;
      await asked.prompt();
      return (await asked.userChoice).outcome === "accepted";
    },
  };
})();
