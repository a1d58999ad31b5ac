// The strain over the call as a line, on bands for the three levels. Bounds as in detectors/mood.py.
const SVG = "http://www.w3.org/2000/svg";
const TENSE = 0.45;
const UPSET = 0.58;
const LEAST_MS = 60_000;
const MARGIN = { left: 44, right: 8, bottom: 16, top: 2 };

/** Draw what the element's `data-points` ("ms,strain ...") and `data-marks` say. */
export function drawTrend(svg, levels) {
  const width = svg.clientWidth || 400;
  const height = svg.clientHeight || 110;
  const points = pairs(svg.dataset.points).map(([at, strain]) => [Number(at), Number(strain)]);
  const marks = pairs(svg.dataset.marks).map(([at, level]) => [Number(at), level]);
  const last = Math.max(LEAST_MS, ...points.map(([at]) => at), ...marks.map(([at]) => at));
  const x = (at) => MARGIN.left + (at / last) * (width - MARGIN.left - MARGIN.right);
  const y = (strain) => MARGIN.top + (1 - strain) * (height - MARGIN.top - MARGIN.bottom);
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.replaceChildren(
    ...bands(x, y, last),
    ...names(y, levels),
    make("text", { x: MARGIN.left, y: height - 3 }, "0:00"),
    make("text", { x: width - MARGIN.right, y: height - 3, "text-anchor": "end" }, clock(last)),
    ...marks.map(([at, level]) =>
      make("line", { class: `mark ${level}`, x1: x(at), x2: x(at), y1: y(1), y2: y(0) }),
    ),
    ...curve(points, x, y),
  );
}

/** Put one more point in; the same moment again replaces it. */
export function addPoint(svg, at, strain) {
  const others = pairs(svg.dataset.points).filter(([known]) => Number(known) !== at);
  const all = [...others, [at, strain]].sort((one, other) => one[0] - other[0]);
  svg.dataset.points = all.map((point) => point.join(",")).join(" ");
}

/** Mark an alert. */
export function addMark(svg, at, level) {
  const others = pairs(svg.dataset.marks).filter(([known]) => Number(known) !== at);
  svg.dataset.marks = [...others, [at, level]].map((mark) => mark.join(",")).join(" ");
}

function bands(x, y, last) {
  const band = (name, top, bottom) =>
    make("rect", {
      class: `band-${name}`,
      x: x(0),
      y: y(top),
      width: x(last) - x(0),
      height: y(bottom) - y(top),
    });
  return [band("upset", 1, UPSET), band("tense", UPSET, TENSE), band("calm", TENSE, 0)];
}

function names(y, levels) {
  const name = (level, strain) =>
    make("text", { x: MARGIN.left - 6, y: y(strain) + 4, "text-anchor": "end" }, levels[level]);
  return [name("upset", 0.81), name("tense", 0.52), name("calm", 0.21)];
}

function curve(points, x, y) {
  if (!points.length) return [];
  const [at, strain] = points.at(-1);
  const path = points.map((point) => `${x(point[0]).toFixed(1)},${y(point[1]).toFixed(1)}`);
  return [
    make("polyline", { class: "curve", points: path.join(" ") }),
    make("circle", { class: "now", cx: x(at), cy: y(strain), r: 4.5 }),
  ];
}

function pairs(text) {
  return text
    .split(" ")
    .filter(Boolean)
    .map((pair) => pair.split(","));
}

/** Milliseconds as 3:07. */
export function clock(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  const parts = [Math.floor(seconds / 60) % 60, seconds % 60].map((n) => String(n).padStart(2, "0"));
  const hours = Math.floor(seconds / 3600);
  return hours ? `${hours}:${parts.join(":")}` : parts.join(":").replace(/^0/, "");
}

function make(name, attributes, text = "") {
  const node = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.textContent = text;
  return node;
}
