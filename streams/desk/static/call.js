// One call, live: every event replaces or adds the piece of the page that the server rendered.
import { answerAlerts, showVerdict } from "./answer.js";
import { confirmSteps, showStep } from "./steps.js";
import { element, keepLive, showClocks } from "./live.js";
import { addMark, addPoint, clock, drawTrend } from "./trend.js";

const main = () => document.getElementById("main");
const byId = (id) => document.getElementById(id);
const NEAR_END_PX = 90;
const PROTOCOL_PRIORITY_MS = 60_000; // as in streams/desk/models.py
const SENSITIVE_AGAIN_MS = 400;
const SENSITIVE_TRIES = 25;

let scrolling = null;
let knownCall = null;

const live = keepLive({
  query: () => {
    const { call, agent, role, follows } = main().dataset;
    const wanted = { role };
    if (call) wanted.call = call;
    if (agent && (follows !== undefined || role === "agent")) wanted.agent = agent;
    return wanted;
  },
  on: {
    call: onCall,
    line: onLine,
    mark: onMark,
    reading: onReading,
    mood: onMood,
    turn: onTurn,
    alert: onAlert,
    feedback: onFeedback,
    step: onStep,
    seal: onSeal,
    returning: onReturning,
    channels: onChannels,
  },
  arrived,
});

function arrived() {
  forgetOtherCalls();
  showClocks();
  answerAlerts(main());
  confirmSteps(main());
  watchMoments();
  watchTrend();
  watchScroll();
  toNewest();
  tick();
}

function onCall(told) {
  const { call, follows } = main().dataset;
  const switches = follows !== undefined && told.event === "started" && told.call_id !== call;
  if (switches || told.call_id === call) live.again();
}

function mine(told) {
  return told.call_id === main().dataset.call;
}

/** What was found out of lines, also of those that this page has yet to be told of. */
const successors = new Map();
const discounts = new Map();
const chipsOf = new Map();
const textReadings = [];
const MAX_TEXT_READINGS = 20;

/** An agent's page stays open all day, call after call. */
function forgetOtherCalls() {
  if (knownCall === main().dataset.call) return;
  knownCall = main().dataset.call;
  for (const known of [successors, discounts, chipsOf]) known.clear();
  textReadings.length = 0;
}

function onLine(told) {
  if (!mine(told) || successors.has(told.id)) return;
  const near = linesNear(told);
  if (!told.final && near.some((line) => !line.classList.contains("partial"))) return;
  if (told.final) {
    byId(`line-${told.partial_id}`)?.remove();
    for (const line of near) if (line.classList.contains("partial")) line.remove();
  }
  place(told);
  showChips(told.id);
  if (discounts.has(told.id)) discountLine(told.id);
}

/** Lines of the same speaker that lie where a line lies, by half of the shorter of the two. */
function linesNear(told) {
  return [...document.querySelectorAll(`#lines > .line.${told.speaker}`)].filter((line) => {
    const [at, until] = [Number(line.dataset.at), Number(line.dataset.until)];
    const shared = Math.min(until, told.until) - Math.max(at, told.at);
    return shared > 0 && 2 * shared >= Math.min(until - at, told.until - told.at);
  });
}

function onMark(told) {
  if (!mine(told)) return;
  for (const id of told.replaces) {
    successors.set(id, told.id);
    const chips = byId(`chips-${id}`)?.innerHTML.trim();
    if (chips && !chipsOf.has(told.id)) chipsOf.set(told.id, chips);
    byId(`line-${id}`)?.remove();
  }
  showChips(told.id);
  if (!told.reason) return;
  discounts.set(told.id, told.reason);
  discountLine(told.id);
}

/** A line's id as it stands: recognisers tell a line again in other words. */
function newestId(id) {
  const seen = new Set();
  while (successors.has(id) && !seen.has(id)) {
    seen.add(id);
    id = successors.get(id);
  }
  return id;
}

/** What was read in a line, where the line itself has come. */
function showChips(id) {
  const chips = byId(`chips-${id}`);
  if (chips && !isDiscounted(id) && !isFaulty() && chipsOf.has(id)) chips.innerHTML = chipsOf.get(id);
}

function isDiscounted(id) {
  return discounts.has(id) || Boolean(byId(`line-${id}`)?.classList.contains("discounted"));
}

/** Grey, with the reason; its reading counts for nothing either. */
function discountLine(id) {
  takeBackReading();
  const line = byId(`line-${id}`);
  if (!line || line.classList.contains("discounted")) return;
  line.classList.add("discounted");
  line.querySelector(".said").append(" ", element(discounts.get(id)));
  line.querySelector(".chips")?.replaceChildren();
}

/** A sound or a silence that lasts is told again, longer; one told late takes nothing back. */
function onTurn(told) {
  const known = byId(`turn-${told.id}`);
  if (mine(told) && !(Number(known?.dataset.until) > told.until)) place(told);
}

/** Put an entry of the conversation where its time says; the same one again replaces it. */
function place(told) {
  const fresh = element(told.html);
  const known = byId(fresh.id);
  const atEnd = nearEnd();
  if (known) {
    if (told.final === false && !known.classList.contains("partial")) return;
    const chips = known.querySelector(".chips");
    if (chips?.children.length) fresh.querySelector(".chips")?.replaceWith(chips);
    known.replaceWith(fresh);
  } else {
    const later = [...byId("lines").children].find((entry) => Number(entry.dataset.at) > told.at);
    byId("lines").insertBefore(fresh, later ?? null);
  }
  byId("no-lines").hidden = true;
  if (atEnd) toNewest();
  else byId("newest").hidden = false;
}

function onReading(told) {
  if (!mine(told) || isFaulty() || told.lines.some(isDiscounted)) return;
  if (told.modality === "text") takeTextReading(told);
  byId(`reading-${told.modality}`).innerHTML = told.html;
}

function takeTextReading(told) {
  textReadings.push(told);
  if (textReadings.length > MAX_TEXT_READINGS) textReadings.shift();
  byId("reading-text").dataset.lines = told.lines.join(" ");
  const [first] = told.lines;
  const id = first ? newestId(first) : lineAt(told.at);
  chipsOf.set(id, told.chip);
  showChips(id);
}

/** The id of the customer's line that begins at a moment: older readings name no lines. */
function lineAt(at) {
  return document.querySelector(`#lines > .line.customer[data-at="${at}"]`)?.id.slice("line-".length);
}

/** The newest text reading may be of a line that counts for nothing: then the one before it. */
function takeBackReading() {
  const box = byId("reading-text");
  if (!box.dataset.lines.split(" ").some(isDiscounted)) return;
  const before = textReadings.findLast(({ lines }) => !lines.some(isDiscounted));
  box.dataset.lines = before?.lines.join(" ") ?? "";
  if (before) box.innerHTML = before.html;
  else showNoReading("text");
}

function showNoReading(modality) {
  byId(`reading-${modality}`).innerHTML = byId(`no-reading-${modality}`).innerHTML;
}

function onMood(told) {
  if (!mine(told) || isFaulty()) return;
  const known = Number(byId("mood").firstElementChild.dataset.number ?? -1);
  if (told.number >= known) byId("mood").innerHTML = told.html;
  addPoint(byId("trend"), told.at, told.strain);
  draw();
}

function onAlert(told) {
  if (!mine(told)) return;
  const fresh = element(told.html);
  const known = document.querySelector(`[data-alert="${CSS.escape(told.id)}"]`);
  if (known) return;
  const current = stillCurrent(fresh, told.at);
  for (const open of byId("alerts").querySelectorAll("details[open]")) {
    const inUse = open.closest(".alert").contains(document.activeElement);
    if (!inUse && !current?.contains(open)) open.open = false;
  }
  fresh.classList.add("fresh");
  byId("alerts").prepend(fresh);
  byId("no-alerts").hidden = true;
  byId("alert-count").hidden = false;
  byId("alert-count").textContent = byId("alerts").children.length;
  byId("announcer").textContent = fresh.querySelector("summary").innerText;
  addMark(byId("trend"), told.at, told.level);
  draw();
  if (told.sensitive) showSensitive(told.id);
  afterPaint(() => tellShown(told.id));
}

function onReturning(told) {
  const note = byId("returning");
  if (!mine(told) || !note) return;
  note.innerHTML = told.html;
  showClocks(note);
}

/** Whose voice is whose is not known: no mood and no reading of this call stays on the page. */
function onChannels(told) {
  if (!mine(told)) return;
  byId("channels").innerHTML = told.html;
  byId("mood").innerHTML = told.mood;
  for (const modality of ["voice", "text"]) showNoReading(modality);
  for (const chips of document.querySelectorAll(".chips")) chips.replaceChildren();
  byId("trend").dataset.points = "";
  draw();
}

function isFaulty() {
  return byId("channels").childElementCount > 0;
}

/** The protocol that a new alert leaves open and on top; one as grave takes its place. */
function stillCurrent(fresh, at) {
  const current = byId("alerts").querySelector(".alert.current");
  const passed = current && at - Number(current.dataset.at) > PROTOCOL_PRIORITY_MS;
  const graver = fresh.classList.contains("current") && !(rank(fresh) < rank(current));
  if (current && !passed && !graver) {
    fresh.classList.remove("current");
    return current;
  }
  current?.classList.remove("current");
  return null;
}

function rank(card) {
  return ["notice", "warning", "critical"].indexOf(card?.dataset.level);
}

function onFeedback(told) {
  const { role, givenBy } = main().dataset;
  if (told.role === role && told.given_by === givenBy) showVerdict(main(), told.alert_id, told.verdict);
  if (mine(told)) setTimeout(() => showSensitive(told.alert_id), SENSITIVE_AGAIN_MS);
}

function onStep(told) {
  if (!mine(told)) return;
  showStep(main(), told);
  if (told.action !== "seal_evidence") return;
  if (told.state === "done") byId("seals").hidden = false;
  byId("seal-waiting").hidden = told.state !== "done";
  for (const said of sealedIn(told.alert_id)) said.replaceChildren();
}

/** Where steps to seal say that it was done: of one alert, or of all. */
function sealedIn(alert) {
  const cards = alert ? `[data-alert="${CSS.escape(alert)}"] ` : "";
  return byId("alerts").querySelectorAll(`${cards}.step-sealed`);
}

function onSeal(told) {
  if (!mine(told)) return;
  byId("seals").hidden = false;
  byId("seal-waiting").hidden = true;
  for (const said of sealedIn()) said.innerHTML = told.link;
  if (document.querySelector(`[data-seal="${CSS.escape(told.id)}"]`)) return;
  byId("seal-list").prepend(element(told.html));
  showClocks(byId("seal-list"));
}

/** What makes the call sensitive is made of all its alerts: the desk renders it when it has them. */
async function showSensitive(alertId, tries = SENSITIVE_TRIES) {
  const { call } = main().dataset;
  const answer = await fetch(`/calls/${encodeURIComponent(call)}/sensitive`).catch(() => null);
  if (call !== main().dataset.call) return;
  const fresh = answer?.ok ? element(await answer.text()) : null;
  if (fresh) byId("sensitive").replaceWith(fresh);
  if (fresh?.dataset.alerts.split(" ").includes(alertId) || tries <= 1) return;
  setTimeout(() => showSensitive(alertId, tries - 1), SENSITIVE_AGAIN_MS);
}

/** From a finding to the line that it rests on. */
function watchMoments() {
  main().addEventListener("click", (event) => {
    const link = event.target.closest("a[data-moment]");
    const line = link && byId(link.getAttribute("href").slice(1));
    if (!line) return;
    event.preventDefault();
    cancelAnimationFrame(scrolling);
    line.scrollIntoView({ block: "center" });
    for (const other of document.querySelectorAll(".line.pointed")) other.classList.remove("pointed");
    line.classList.add("pointed");
    line.tabIndex = -1;
    line.focus({ preventScroll: true });
  });
}

/** Two frames on, what was put in is painted. A page in the background paints later. */
function afterPaint(done) {
  requestAnimationFrame(() => requestAnimationFrame(done));
}

function tellShown(id) {
  fetch(`/api/alerts/${encodeURIComponent(id)}/shown`, { method: "POST", keepalive: true }).catch(
    () => {},
  );
}

function draw() {
  const svg = byId("trend");
  if (svg) drawTrend(svg, JSON.parse(main().dataset.levels));
}

function watchTrend() {
  const svg = byId("trend");
  if (svg) new ResizeObserver(draw).observe(svg);
  draw();
}

function watchScroll() {
  byId("scroll")?.addEventListener("scroll", () => {
    if (nearEnd()) byId("newest").hidden = true;
  });
  byId("newest")?.addEventListener("click", toNewest);
}

function nearEnd() {
  const box = byId("scroll");
  return box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_END_PX;
}

function toNewest() {
  const box = byId("scroll");
  if (!box) return;
  cancelAnimationFrame(scrolling);
  scrolling = requestAnimationFrame(() => {
    box.scrollTop = box.scrollHeight;
    byId("newest").hidden = true;
  });
}

function tick() {
  const timer = document.querySelector(".timer[data-since]");
  if (timer) timer.textContent = clock(Date.now() - new Date(timer.dataset.since));
}

setInterval(tick, 1_000);
arrived();
