// The trainer's page: play, choose, keep, go on; all of it by keyboard too.

const GROUPS = ["voice_label", "text_label"];
const NAME = "callmood_trainer";
const main = () => document.getElementById("main");
const form = () => document.getElementById("correction");
let busy = false;

function arrived() {
  if (!form()) return;
  form().addEventListener("submit", keep);
  form().addEventListener("change", () => tell(""));
  document.getElementById("skip").addEventListener("click", skip);
  const name = document.getElementById("trainer-name");
  name.value = localStorage.getItem(NAME) ?? "";
  name.addEventListener("change", () => localStorage.setItem(NAME, name.value.trim()));
  activate(choosable()[0]);
  document.getElementById("play")?.addEventListener("click", play);
  // A browser may ask for a click first; what may hurt waits for one.
  document.querySelector("#clip:not([data-hard])")?.play().catch(() => {});
}

/** The groups of labels that this segment can be given. */
function choosable() {
  return GROUPS.filter((group) => form().querySelector(`input[name="${group}"]`));
}

function activate(group) {
  for (const set of form().querySelectorAll("fieldset")) {
    set.classList.toggle("active", set.dataset.group === group);
  }
}

function active() {
  return form().querySelector("fieldset.active")?.dataset.group;
}

function choose(number) {
  const choices = [...form().querySelectorAll(`input[name="${active()}"]`)];
  const choice = number === 0 ? choices.at(-1) : choices.slice(0, -1)[number - 1];
  if (!choice) return;
  choice.checked = true;
  tell("");
  const next = choosable().find((group) => !form().elements[group].value);
  if (next) activate(next);
}

document.addEventListener("keydown", (event) => {
  if (!form() || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.matches('input:not([type="radio"], [type="checkbox"]), textarea')) return;
  const act = action(event);
  if (!act) return;
  event.preventDefault();
  act();
});

function action(event) {
  const onControl = event.target.matches("button, a, summary, audio");
  if (/^[0-8]$/.test(event.key)) return () => choose(Number(event.key));
  if (event.code === "KeyV" && choosable().includes("voice_label")) return () => activate("voice_label");
  if (event.code === "KeyT" && choosable().includes("text_label")) return () => activate("text_label");
  if (event.key === " " && !onControl && event.target.type !== "checkbox") return play;
  if (event.key === "Enter" && !onControl) return () => form().requestSubmit();
  return null;
}

function play() {
  const clip = document.getElementById("clip");
  if (!clip) return;
  if (clip.paused) {
    clip.currentTime = 0;
    clip.play();
  } else clip.pause();
}

async function keep(event) {
  event.preventDefault();
  const words = JSON.parse(main().dataset.words);
  const given = new FormData(form());
  if (!GROUPS.some((group) => given.get(group))) return tell(words.choose_one);
  if (busy) return;
  busy = true;
  try {
    const status = await send(given);
    if (status === 200) await kept(form().dataset.segment);
    else tell(status === 503 ? main().dataset.notKept : main().dataset.failed);
  } finally {
    busy = false;
  }
}

async function send(given) {
  const body = {
    segment_id: form().dataset.segment,
    voice_label: given.get("voice_label"),
    text_label: given.get("text_label"),
    topics: given.getAll("topics"),
    trainer: given.get("trainer").trim(),
  };
  try {
    const answered = await fetch("/api/corrections", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return answered.status;
  } catch {
    return 0;
  }
}

/** Go on to the worst segment that is left, and offer the way back. */
async function kept(segment) {
  await go(main().dataset.following);
  document.getElementById("kept").hidden = false;
  document.getElementById("change").href = `/trainer?segment=${encodeURIComponent(segment)}`;
}

function skip() {
  go(main().dataset.following);
}

async function go(segment) {
  const address = segment ? `/trainer?segment=${encodeURIComponent(segment)}` : "/trainer";
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
  main().replaceWith(document.adoptNode(fresh.getElementById("main")));
  history.pushState(null, "", address);
  scrollTo(0, 0);
  arrived();
}

function tell(text) {
  document.getElementById("trouble").textContent = text;
}

addEventListener("popstate", () => location.reload());
arrived();
