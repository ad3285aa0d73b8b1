// The PIN pad of the first paint: it takes digits while Python and Flutter still start, and hands
// them to the app's own pad. What was typed stands in this window's memory alone, until then.
"use strict";

// `var`: boot.js and window_side.js read it, and a const of one classic script is no property of
// the window.
var liandongPad = (() => {
  const ASKS_PIN = "liandong.asks-pin"; // Kept while starts come to the PIN: nothing else of it.
  const LENGTH = 6;
  const BACKSPACE = "Backspace";
  // Who stops typing for so long wants to see the app; who types on must not be interrupted.
  const IDLE_MS = 1500;

  const overlay = document.getElementById("starting");
  const door = document.getElementById("pin-door");
  const dots = document.getElementById("pin-dots");
  const said = document.getElementById("pin-said");
  let isOpen = false;
  let typed = "";
  let pressedAt = 0;

  function draw() {
    dots.setAttribute("aria-label", `已输入 ${typed.length} 位，共 ${LENGTH} 位`);
    [...dots.children].forEach((dot, i) => dot.classList.toggle("filled", i < typed.length));
    said.textContent = typed.length < LENGTH ? "" : said.dataset.opening;
  }

  /** Take *key*; tell whether it is one of the pad's. */
  function press(key) {
    if (key === BACKSPACE) typed = typed.slice(0, -1);
    else if (!/^[0-9]$/.test(key)) return false;
    else if (typed.length < LENGTH) typed += key;
    pressedAt = performance.now();
    draw();
    return true;
  }

  function onKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey || !press(event.key)) return;
    event.preventDefault(); // Backspace may mean "back" to a browser.
    event.stopImmediatePropagation(); // Flutter listens beneath, and would type it once more.
  }

  door.addEventListener("click", ({ target }) => {
    const key = target.closest("button")?.dataset.key;
    if (key) press(key);
  });

  function later(ms) {
    return new Promise((resolve) => setTimeout(resolve, ms));
  }

  function drawn() {
    return new Promise((resolve) => {
      requestAnimationFrame(() => requestAnimationFrame(resolve));
    });
  }

  /** Take the pad away, and the first paint with it if *withAll*; return what was typed. */
  function close(withAll) {
    const taken = typed;
    typed = "";
    if (!isOpen) return "";
    isOpen = false;
    window.removeEventListener("keydown", onKey, true);
    overlay.classList.remove("asks-pin");
    door.hidden = true;
    if (withAll) overlay.remove();
    return taken;
  }

  return {
    /** Show the pad if the last start came to the PIN. */
    open() {
      if (!localStorage.getItem(ASKS_PIN)) return;
      isOpen = true;
      overlay.classList.add("asks-pin");
      door.hidden = false;
      window.addEventListener("keydown", onKey, true);
      draw();
      performance.mark("app:early-pad");
    },

    isOpen: () => isOpen,
    close,

    /** The app's own pad stands: settle with what was typed, in the middle of no PIN. */
    async handOver() {
      localStorage.setItem(ASKS_PIN, "1");
      if (!isOpen) return "";
      while (typed && typed.length < LENGTH && performance.now() - pressedAt < IDLE_MS) {
        await later(50);
      }
      await drawn();
      return close(true);
    },

    /** No PIN is asked for: whoever typed one has to look at what is there instead. */
    async forget() {
      localStorage.removeItem(ASKS_PIN);
      close(true);
      return "";
    },
  };
})();
