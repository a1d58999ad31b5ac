// "This helped" and "this is wrong": shown at once, taken back where it could not be kept.

/** Make the buttons of every alert card work, also of those that come later. */
export function answerAlerts(root) {
  root.addEventListener("click", (event) => {
    const button = event.target.closest("button[data-verdict]");
    if (button) answer(root, button);
  });
}

/** Show what was answered to an alert; `null`: nothing. */
export function showVerdict(root, id, verdict) {
  const card = root.querySelector(`[data-alert="${CSS.escape(id)}"]`);
  if (!card || "busy" in card.dataset || current(card) === verdict) return;
  const said = words(root);
  paint(card, verdict);
  tell(card, verdict ? said[`kept_${verdict}`] : "");
}

async function answer(root, button) {
  const card = button.closest("[data-alert]");
  const before = current(card);
  const wanted = button.dataset.verdict;
  const verdict = wanted === "withdrawn" || wanted === before ? "withdrawn" : wanted;
  const said = words(root);
  paint(card, verdict === "withdrawn" ? null : verdict);
  tell(card, said.keeping);
  card.dataset.busy = "";
  const status = await send(root, card.dataset.alert, verdict);
  delete card.dataset.busy;
  if (status === 200) {
    tell(card, verdict === "withdrawn" ? said.undone : said[`kept_${verdict}`]);
    return;
  }
  paint(card, before);
  tell(card, status === 503 ? said.not_kept : said.failed, true);
}

async function send(root, id, verdict) {
  const { role, givenBy } = root.dataset;
  try {
    const answered = await fetch(`/api/alerts/${encodeURIComponent(id)}/feedback`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ verdict, role, given_by: givenBy }),
    });
    return answered.status;
  } catch {
    return 0;
  }
}

function current(card) {
  return card.querySelector('.answer-button[aria-pressed="true"]')?.dataset.verdict ?? null;
}

function paint(card, verdict) {
  for (const button of card.querySelectorAll(".answer-button")) {
    button.setAttribute("aria-pressed", String(button.dataset.verdict === verdict));
  }
  card.querySelector(".undo").hidden = verdict === null;
}

function tell(card, text, failed = false) {
  const told = card.querySelector(".told");
  told.textContent = text;
  told.classList.toggle("failed", failed);
}

function words(root) {
  return JSON.parse(root.dataset.words);
}
