// The list of calls: fetched again, at most once a second, when a call changes. Whoever asks for a
// supervisor does not wait for that second.
import { keepLive, showClocks } from "./live.js";
import { confirmSteps } from "./steps.js";

const PAUSE_MS = 1_000;
const AT_ONCE_MS = 120; // the desk tells of it a moment before its database has it
const main = () => document.getElementById("main");
const still = "still" in main().dataset;
const title = document.title;
let waiting = null;
let due = 0;
let known = asking();

const live = keepLive({ query: () => ({}), on: still ? {} : changes(), arrived });

function changes() {
  const later = () => refreshIn(PAUSE_MS);
  return { call: later, mood: later, alert: later, returning: later, channels: later, step: soonAndLater };
}

/** At once, and again: a busy database may have it only after that look. */
function soonAndLater() {
  refreshIn(AT_ONCE_MS);
  setTimeout(() => refreshIn(0), PAUSE_MS);
}

function refreshIn(pause) {
  const at = Date.now() + pause;
  if (waiting !== null && due <= at) return;
  clearTimeout(waiting);
  due = at;
  waiting = setTimeout(refresh, pause);
}

async function refresh() {
  waiting = null;
  const focused = focus();
  await live.again();
  if (focused) document.querySelector(focused)?.focus();
}

/** How to find what has the keyboard after the page was fetched again. */
function focus() {
  const active = document.activeElement;
  const href = active?.getAttribute("href");
  if (href) return `main a[href="${CSS.escape(href)}"]`;
  const row = active?.closest(".help-request");
  if (!row) return null;
  const { alert, step } = row.dataset;
  return `[data-alert="${CSS.escape(alert)}"][data-step="${step}"] button`;
}

function arrived() {
  showClocks();
  tick();
  if (still) return;
  confirmSteps(main());
  const now = asking();
  const fresh = [...now].filter(([id]) => !known.has(id)).map(([, says]) => says);
  known = now;
  // A live region speaks of what changes in it: it is new itself, so a frame later.
  if (fresh.length) requestAnimationFrame(() => announce(fresh.join(" ")));
}

function announce(text) {
  document.getElementById("help-announcer").textContent = text;
}

/** Who asks for a supervisor, and how that is announced. */
function asking() {
  const rows = document.querySelectorAll(".help-request:has(button)");
  return new Map(
    [...rows].map(({ dataset }) => [`${dataset.alert} ${dataset.step} ${dataset.asked}`, dataset.says]),
  );
}

/** How long ago, and in the tab's title how many: the page may lie behind another. */
function tick() {
  const words = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto" });
  for (const time of document.querySelectorAll("time[data-ago]")) {
    const seconds = Math.max(0, Math.round((Date.now() - new Date(time.dateTime)) / 1_000));
    time.textContent =
      seconds < 60 ? words.format(-seconds, "second") : words.format(-Math.floor(seconds / 60), "minute");
  }
  const rows = document.querySelectorAll(".help-row:not(.taken)").length;
  document.title = rows ? `(${rows}) ${title}` : title;
}

setInterval(tick, 1_000);
arrived();
