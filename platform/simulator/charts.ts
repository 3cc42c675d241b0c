/** One line or area of a chart. */
export interface ChartSeries {
  readonly name: string;
  readonly values: ArrayLike<number>;
  /** Any CSS colour. */
  readonly color: string;
  /** `area` is filled down to zero. @default line */
  readonly kind?: "line" | "area";
}

export interface ChartOptions {
  readonly title: string;
  /** Unit of the vertical axis, in words. */
  readonly unit: string;
  /** Seconds that all values span. */
  readonly durationSeconds: number;
  readonly series: readonly ChartSeries[];
  /** Vertical marks at moments of the run. @default none */
  readonly marks?: readonly { readonly seconds: number; readonly color: string; readonly text: string }[];
  /** Pixels. @default 960 */
  readonly width?: number;
  /** Pixels. @default 240 */
  readonly height?: number;
}

const margin = { top: 46, right: 16, bottom: 28, left: 64 };

/** Escapes a text for XML. */
export const escapeXml = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");

/** Columns of a series: the least and the most of all values that fall on one pixel, so that no peak is lost. */
export function columnsOf(
  values: ArrayLike<number>,
  columns: number,
): { readonly low: number; readonly high: number }[] {
  const count = Math.min(columns, values.length);
  return Array.from({ length: count }, (_, column) => {
    const from = Math.floor((column * values.length) / count);
    const to = Math.max(from + 1, Math.floor(((column + 1) * values.length) / count));
    let low = Number.POSITIVE_INFINITY;
    let high = Number.NEGATIVE_INFINITY;
    for (let index = from; index < to; index++) {
      const value = Number.isFinite(values[index]!) ? values[index]! : 0;
      if (value < low) low = value;
      if (value > high) high = value;
    }
    return { low, high };
  });
}

/** A round number at or above a value: 1, 2 or 5 times a power of ten. */
export function niceCeiling(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const factor = [1, 2, 2.5, 5, 10].find((candidate) => candidate * power >= value - 1e-9) ?? 10;
  return factor * power;
}

/** A chart over time as one SVG element that needs nothing else: no script, no font, no style sheet. */
export function timeChart(options: ChartOptions): string {
  const { title, unit, durationSeconds, series, marks = [], width = 960, height = 240 } = options;
  const plot = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
  const drawn = series.map((one) => ({ ...one, columns: columnsOf(one.values, plot.width) }));
  const top = niceCeiling(Math.max(...drawn.flatMap(({ columns }) => columns.map(({ high }) => high)), 0));
  const x = (share: number) => round(margin.left + share * plot.width);
  const y = (value: number) => round(margin.top + plot.height * (1 - value / top));
  const paths = drawn.map(({ columns, color, kind }) => {
    const at = (column: number) => x(column / Math.max(1, columns.length - 1));
    const line = columns
      .map(
        ({ low, high }, column) =>
          `L${at(column)} ${y(high)}${high - low > top / 200 ? `L${at(column)} ${y(low)}` : ""}`,
      )
      .join("")
      .replace("L", "M");
    if (columns.length === 0) return "";
    if (kind !== "area") return `<path d="${line}" fill="none" stroke="${color}" stroke-width="1.5"/>`;
    return `<path d="${line}L${at(columns.length - 1)} ${y(0)}L${at(0)} ${y(0)}Z" fill="${color}" fill-opacity="0.3" stroke="${color}" stroke-width="0.75"/>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(title)}" font-family="system-ui, sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<text x="${margin.left}" y="17" font-size="14" font-weight="600" fill="#1b1f24">${escapeXml(title)}</text>`,
    `<text x="${width - margin.right}" y="17" text-anchor="end" fill="#656d76">${escapeXml(unit)}</text>`,
    legend(drawn),
    ...grid(top, x, y),
    ...timeAxis(durationSeconds, x, height),
    ...paths,
    ...marks.map(
      ({ seconds, color, text }) =>
        `<line x1="${x(seconds / durationSeconds)}" x2="${x(seconds / durationSeconds)}" y1="${margin.top}" y2="${margin.top + plot.height}" stroke="${color}" stroke-opacity="0.35"><title>${escapeXml(text)}</title></line>`,
    ),
    "</svg>",
  ].join("\n");
}

function legend(series: readonly ChartSeries[]): string {
  let x = margin.left;
  return series
    .map(({ name, color }) => {
      const item = `<rect x="${x}" y="26" width="10" height="10" fill="${color}"/><text x="${x + 14}" y="35" fill="#424a53">${escapeXml(name)}</text>`;
      x += 30 + name.length * 7;
      return item;
    })
    .join("");
}

function grid(top: number, x: (share: number) => number, y: (value: number) => number): string[] {
  return [0, 0.25, 0.5, 0.75, 1].flatMap((share) => {
    const value = top * share;
    return [
      `<line x1="${x(0)}" x2="${x(1)}" y1="${y(value)}" y2="${y(value)}" stroke="#d8dee4"/>`,
      `<text x="${x(0) - 6}" y="${y(value) + 4}" text-anchor="end" fill="#656d76">${label(value)}</text>`,
    ];
  });
}

function timeAxis(duration: number, x: (share: number) => number, height: number): string[] {
  const steps = [600, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800];
  const step = steps.find((candidate) => duration / candidate <= 12) ?? 604_800;
  const ticks = Array.from({ length: Math.floor(duration / step) + 1 }, (_, index) => index * step);
  return ticks.map((seconds) => {
    const day = Math.floor(seconds / 86_400);
    const clock = `${String(Math.floor((seconds / 3600) % 24)).padStart(2, "0")}:${String(Math.floor((seconds / 60) % 60)).padStart(2, "0")}`;
    const text = step >= 86_400 ? `day ${day + 1}` : duration > 86_400 ? `${day + 1}. ${clock}` : clock;
    return `<text x="${x(seconds / duration)}" y="${height - 8}" text-anchor="middle" fill="#656d76">${text}</text>`;
  });
}

const label = (value: number): string =>
  value >= 10_000 ? `${(value / 1000).toLocaleString("en-US")}k` : Number(value.toPrecision(3)).toLocaleString("en-US");
const round = (value: number): number => Math.round(value * 10) / 10;
