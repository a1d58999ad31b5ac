// The steps of a protocol: one tap confirms, shown at once, taken back where it was not kept.
// Nothing waits for a tap, and a second tap on a confirmed step changes nothing: only Undo does.
import { element, showClocks } from "./live.js";

/** Make the buttons of every step work, also of those that come later. */
export function confirmSteps(root) {
  root.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-state]");
    if (button && button.getAttribute("aria-pressed") !== "true") confirm(root, button);
  });
}

/** Show that somebody, here or on another page, confirmed a step or took that back. */
export function showStep(root, told) {
  const card = root.querySelector(`[data-alert="${CSS.escape(told.alert_id)}"]`);
  const row = card?.querySelector(`[data-step="${told.index}"]`);
  if (!row) return;
  const list = row.querySelector(".confirmed");
  if (!list) return; // a sentence of ordinary advice: nobody confirms it here
  for (const known of [...list.children]) {
    const { role, givenBy } = known.dataset;
    if (role === told.role && givenBy === told.given_by) known.remove();
  }
  if (told.state === "done") {
    list.append(element(told.html));
    showClocks(list);
  }
  row.classList.toggle("done", list.children.length > 0);
  const { role, givenBy } = root.dataset;
  if (told.role === role && told.given_by === givenBy) paint(row, told.state === "done");
}

async function confirm(root, button) {
  const row = button.closest("[data-step]");
  const done = button.dataset.state === "done";
  paint(row, done);
  tell(row, words(root).keeping);
  const status = await send(root, row, button.dataset.state);
  if (status === 200) {
    tell(row, done ? "" : words(root).gone);
    return;
  }
  paint(row, !done);
  tell(row, status === 503 ? words(root).not_kept : words(root).failed, true);
}

async function send(root, row, state) {
  const { role = "supervisor", givenBy = "" } = root.dataset;
  const id = encodeURIComponent(row.closest("[data-alert]").dataset.alert);
  try {
    const answered = await fetch(`/api/alerts/${id}/steps/${row.dataset.step}`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ state, role, given_by: givenBy }),
    });
    return answered.status;
  } catch {
    return 0;
  }
}

function paint(row, done) {
  row.querySelector(".step-button").setAttribute("aria-pressed", String(done));
  const undo = row.querySelector(".step-undo");
  if (!undo) return;
  if (!done && undo === document.activeElement) row.querySelector(".step-button").focus();
  undo.hidden = !done;
}

function tell(row, text, failed = false) {
  const told = row.querySelector(".step-told");
  told.textContent = text;
  told.classList.toggle("failed", failed);
}

function words(root) {
  return JSON.parse(root.dataset.stepWords);
}
