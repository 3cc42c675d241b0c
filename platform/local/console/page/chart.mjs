// One chart: a series over time against its target, with gaps where a period had no datapoint.

import { element, setAttributes, setText, shape } from "./dom.mjs";
import { clock, measure } from "./format.mjs";

const height = 96;
const leastWidth = 120;
/** Edges of the plot within the picture; the right one is a distance. */
const plot = { left: 32, right: 6, top: 11, bottom: height - 16 };
const minute = 60_000;
/** The right edge moves in steps this long, so that a chart is drawn again only where it has changed. */
const stepMs = 2000;
/** Widths of the window in minutes: the smallest that holds the series. */
const windows = [3, 5, 10, 15];

/**
 * A chart that is drawn again with each call of `draw`.
 * draw({ title, about, unit, target, targetName, state, points, marks, steps, end })
 *   points: [{ at, value }], value null where there was none; marks: [{ at, up }]; steps: values hold until the next;
 *   state: { text, look } of the badge; end: time of the right edge; limit: the target is a bound, not a goal
 */
export function createChart() {
  const title = element("strong");
  const now = element("span", { class: "now" });
  const badge = element("span", { class: "badge" });
  const about = element("span", { class: "about" });
  const svg = shape("svg", { height, role: "img" });
  const node = element(
    "figure",
    { class: "chart" },
    element("figcaption", {}, title, badge, element("p", {}, now, " ", about)),
    svg,
  );
  let width = 240;
  let last;
  let drawn;
  let pointed;

  svg.addEventListener("pointermove", ({ clientX }) => {
    pointed = clientX - svg.getBoundingClientRect().left;
    redraw();
  });
  svg.addEventListener("pointerleave", () => {
    pointed = undefined;
    redraw();
  });
  new ResizeObserver(([{ contentRect }]) => {
    width = Math.max(leastWidth, contentRect.width);
    redraw();
  }).observe(svg);

  function draw(chart) {
    last = { ...chart, end: Math.ceil(chart.end / stepMs) * stepMs };
    const wanted = JSON.stringify(last);
    if (wanted !== drawn) redraw();
    drawn = wanted;
  }

  function redraw() {
    const chart = last;
    const scale = scaleOf(chart, width);
    const under = pointed === undefined ? undefined : nearest(chart, scale, pointed);
    const latest = chart.points.at(-1);
    const shown = under ?? latest;
    setText(title, chart.title);
    setAttributes(title, { title: chart.title });
    setText(about, chart.about);
    setText(now, shown === undefined ? "" : valueText(shown, chart.unit) + (under ? ` at ${clock(under.at)}` : ""));
    setText(badge, chart.state?.text);
    setAttributes(badge, { class: `badge ${chart.state?.look ?? ""}` });
    setAttributes(svg, { "aria-label": spoken(chart) });
    svg.replaceChildren(
      ...axes(scale, chart),
      ...gaps(chart, scale),
      ...line(chart, scale),
      ...targetLine(chart, scale),
      ...chart.marks.filter(({ at }) => at >= scale.from && at <= scale.end).map((mark) => markOf(mark, scale)),
      ...(under === undefined || under.value === null ? [] : pointer(under, scale)),
    );
  }

  return { node, draw };
}

const valueText = ({ value }, unit) => (value === null ? "no data" : measure(value, unit));

function scaleOf({ points, target, unit, end }, width) {
  const oldest = points[0]?.at ?? end;
  const minutes = windows.find((each) => end - oldest <= each * minute) ?? windows.at(-1);
  const from = end - minutes * minute;
  const right = width - plot.right;
  const most = Math.max(1, target, ...points.map(({ value }) => value ?? 0));
  const top = unit === "Percent" && most <= 100 ? 100 : roundUp(most * 1.15);
  return {
    from,
    end,
    minutes,
    top,
    right,
    x: (at) => plot.left + ((at - from) / (end - from)) * (right - plot.left),
    y: (value) => plot.bottom - (value / top) * (plot.bottom - plot.top),
  };
}

/** The next of 1, 2, 4, 6, 8, 10, 20, ...: half of it is a plain number too. */
function roundUp(value) {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 4, 6, 8, 10].map((step) => step * power).find((step) => step >= value);
}

function axes({ top, minutes, right, x, y, end }, { unit }) {
  const levels = [0, top / 2, top].flatMap((level) => [
    shape("line", { class: "grid", x1: plot.left, x2: right, y1: y(level), y2: y(level) }),
    shape("text", { class: "axis", x: plot.left - 5, y: y(level) + 3, "text-anchor": "end" }, axisText(level, unit)),
  ]);
  const times = [0, 1, 2].map((part) => {
    const ago = (minutes * (2 - part)) / 2;
    const anchor = ["start", "middle", "end"][part];
    const text = ago === 0 ? "now" : `-${ago} min`;
    return shape("text", { class: "axis", x: x(end - ago * minute), y: height - 4, "text-anchor": anchor }, text);
  });
  return [...levels, ...times];
}

const axisText = (value, unit) => (unit === "Percent" ? `${value}%` : measure(value, "None"));

/** Points in stretches without a gap: none of them null, none later than the period lets one expect. */
function stretches({ points, steps }) {
  const between = points.slice(1).map(({ at }, index) => at - points[index].at);
  const longest = steps ? Number.POSITIVE_INFINITY : 2.5 * Math.min(...between);
  const found = [[]];
  for (const point of points) {
    const before = found.at(-1).at(-1);
    if (point.value === null || (before && point.at - before.at > longest)) found.push([]);
    if (point.value !== null) found.at(-1).push(point);
  }
  return found.filter((stretch) => stretch.length > 0);
}

/** A band where no datapoint came, between the first one and the last. */
function gaps(chart, { x, from }) {
  const runs = stretches(chart);
  return runs.slice(1).flatMap((run, index) => {
    const start = Math.max(from, runs[index].at(-1).at);
    if (run[0].at <= start) return [];
    return [
      shape("rect", {
        class: "gap",
        x: x(start),
        width: x(run[0].at) - x(start),
        y: plot.top,
        height: plot.bottom - plot.top,
      }),
    ];
  });
}

function line(chart, { x, y, from, end }) {
  return stretches(chart).flatMap((run) => {
    const seen = chart.steps ? clip(run, from) : run.filter(({ at }) => at >= from);
    if (seen.length === 0) return [];
    const corners = chart.steps ? stairs(seen, end) : seen;
    const path = corners.map(
      ({ at, value }, index) => `${index ? "L" : "M"}${x(at).toFixed(1)} ${y(value).toFixed(1)}`,
    );
    if (corners.length === 1) return [shape("circle", { class: "dot", cx: x(seen[0].at), cy: y(seen[0].value), r: 2 })];
    const floor = `L${x(corners.at(-1).at).toFixed(1)} ${y(0)}L${x(corners[0].at).toFixed(1)} ${y(0)}Z`;
    return [
      shape("path", { class: "area", d: path.join("") + floor }),
      shape("path", { class: "line", d: path.join("") }),
    ];
  });
}

/** The value that held at the left edge, then what came after it. */
function clip(run, from) {
  const held = run.filter(({ at }) => at < from).at(-1);
  const rest = run.filter(({ at }) => at >= from);
  return held ? [{ at: from, value: held.value }, ...rest] : rest;
}

function stairs(points, end) {
  return points.flatMap(({ at, value }, index) => [
    { at, value },
    { at: points[index + 1]?.at ?? end, value },
  ]);
}

function targetLine({ target, targetName, limit }, { right, y }) {
  const look = limit ? "target limit" : "target";
  const place = y(target) > plot.top + 12 ? y(target) - 3 : y(target) + 10;
  return [
    shape("line", { class: look, x1: plot.left, x2: right, y1: y(target), y2: y(target) }),
    shape("text", { class: `axis ${look}`, x: right - 2, y: place, "text-anchor": "end" }, targetName),
  ];
}

/** A triangle above the plot where the group grew or shrank. */
function markOf({ at, up }, { x }) {
  const [tip, base] = up ? [plot.top - 9, plot.top - 2] : [plot.top - 2, plot.top - 9];
  const d = `M${x(at)} ${tip}L${x(at) - 4} ${base}L${x(at) + 4} ${base}Z`;
  return shape("path", { class: up ? "mark up" : "mark down", d });
}

function nearest({ points, steps }, { x }, pointed) {
  if (steps) return points.filter(({ at }) => x(at) <= pointed).at(-1);
  return points.reduce(
    (best, point) => (best && Math.abs(x(best.at) - pointed) <= Math.abs(x(point.at) - pointed) ? best : point),
    undefined,
  );
}

function pointer({ at, value }, { x, y }) {
  const place = Math.max(plot.left, x(at));
  return [
    shape("line", { class: "pointer", x1: place, x2: place, y1: plot.top, y2: plot.bottom }),
    shape("circle", { class: "dot", cx: place, cy: y(value), r: 3 }),
  ];
}

/** The chart in words. */
function spoken({ title, unit, points, targetName }) {
  const values = points.flatMap(({ value }) => (value === null ? [] : [value]));
  if (values.length === 0) return `${title}: no datapoint yet; ${targetName}`;
  const [least, most, latest] = [Math.min(...values), Math.max(...values), points.at(-1)];
  return `${title}: ${valueText(latest, unit)} now, ${measure(least, unit)} to ${measure(most, unit)} shown; ${targetName}`;
}
