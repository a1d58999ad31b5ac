// The list of calls: fetched again, at most once a second, when a call changes.
import { keepLive, showClocks } from "./live.js";

const PAUSE_MS = 1_000;
const still = "still" in document.getElementById("main").dataset;
let waiting = null;

const live = keepLive({ query: () => ({}), on: still ? {} : changes(), arrived: showClocks });

function changes() {
  const later = () => (waiting ??= setTimeout(refresh, PAUSE_MS));
  return { call: later, mood: later, alert: later, returning: later };
}

async function refresh() {
  const focused = document.activeElement?.getAttribute("href");
  await live.again();
  waiting = null;
  if (focused) document.querySelector(`main a[href="${CSS.escape(focused)}"]`)?.focus();
}

showClocks();
