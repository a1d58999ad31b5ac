// The live connection of a page: server-sent events, and fetching the page again where too much
// was missed. Every page carries a cursor; the stream goes on from there.

const PRESSED_LOOK_MS = 20;
const PRESSED_TRIES = 100;
const SILENT_MS = 30_000; // three heartbeats: then the connection is dead, whatever it says

/**
 * Keep a page live.
 * @param {{query: () => Object<string, string>, on: Object<string, (told: object) => void>,
 *          arrived: () => void}} page `query` says what to listen to, `on` handles events by
 *   name, `arrived` is called after the page was fetched again.
 * @returns {{again: () => Promise<void>}} `again` fetches the page now.
 */
export function keepLive(page) {
  let source = null;
  let heard = Date.now();
  let fetching = null;

  function connect() {
    source?.close();
    const query = { ...page.query(), after: document.getElementById("main").dataset.cursor };
    source = new EventSource(`/api/live?${new URLSearchParams(query)}`);
    heard = Date.now();
    source.addEventListener("line_state", (event) => showState(read(event).state));
    source.addEventListener("beat", () => (heard = Date.now()));
    source.addEventListener("resync", () => again());
    source.onerror = () => {
      showState("offline");
      if (source.readyState === EventSource.CLOSED) setTimeout(connect, 2_000);
    };
    for (const [name, handle] of Object.entries(page.on)) {
      source.addEventListener(name, (event) => {
        heard = Date.now();
        handle(read(event));
      });
    }
  }

  function again() {
    fetching ??= fetchPage().finally(() => (fetching = null));
    return fetching;
  }

  async function fetchPage() {
    source?.close();
    try {
      const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
      if (!answer.ok) throw new Error(String(answer.status));
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      await released();
      document.getElementById("main").replaceWith(document.adoptNode(fresh.getElementById("main")));
      page.arrived();
      connect();
    } catch {
      showState("offline");
      setTimeout(again, 2_000);
    }
  }

  setInterval(() => {
    if (Date.now() - heard > SILENT_MS) connect();
  }, 5_000);
  addEventListener("pagehide", () => source?.close());
  addEventListener("pageshow", (event) => event.persisted && again());
  connect();
  return { again };
}

let pressed = false;
addEventListener("pointerdown", () => (pressed = true), true);
for (const end of ["pointerup", "pointercancel"]) addEventListener(end, () => setTimeout(() => (pressed = false)), true);

/** A button that is replaced while it is pressed is never clicked: wait, but not for ever. */
async function released() {
  for (let tries = 0; pressed && tries < PRESSED_TRIES; tries++) {
    await new Promise((resolve) => setTimeout(resolve, PRESSED_LOOK_MS));
  }
}

/** Tell people that the page may be out of date, or that it is live again. */
function showState(state) {
  const states = JSON.parse(document.getElementById("main").dataset.states);
  const banner = document.getElementById("banner");
  banner.hidden = state === "up";
  if (banner.textContent !== states[state]) banner.textContent = states[state];
  document.documentElement.dataset.line = state;
}

function read(event) {
  return JSON.parse(event.data);
}

/** Show instants in the reader's own time zone. */
export function showClocks(root = document) {
  const form = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "short" });
  const seconds = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "medium" });
  const day = new Intl.DateTimeFormat(document.documentElement.lang, {
    dateStyle: "medium",
    timeStyle: "short",
  });
  for (const time of root.querySelectorAll("time[data-clock]")) {
    const at = new Date(time.dateTime);
    if (time.dataset.clock === "seconds") {
      time.textContent = seconds.format(at);
      continue;
    }
    const today = at.toDateString() === new Date().toDateString();
    time.textContent = (today ? form : day).format(at);
  }
}

/** `<template>`-free rendering: the server made this HTML with its own templates. */
export function element(html) {
  const template = document.createElement("template");
  template.innerHTML = html.trim();
  return template.content.firstElementChild;
}
