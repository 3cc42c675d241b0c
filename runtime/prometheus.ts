/** One sample of Prometheus' text format. */
export interface PrometheusSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/**
 * Reads the samples of a Prometheus or OpenMetrics text whose name is wanted; everything else costs one look at the line's start.
 * Time stamps and exemplars are passed over. A line that does not follow the grammar is handed to `onUnreadable` and gives no
 * sample. Source: https://prometheus.io/docs/instrumenting/exposition_formats/
 * @param wanted Says whether samples of a name are wanted.
 */
export function parsePrometheus(
  text: string,
  wanted: (name: string) => boolean,
  onUnreadable: (line: string) => void = () => undefined,
): PrometheusSample[] {
  const samples: PrometheusSample[] = [];
  for (let start = 0; start < text.length; ) {
    const feed = text.indexOf("\n", start);
    const end = feed === -1 ? text.length : feed;
    if (text.charCodeAt(start) !== hash && end > start) readLine(text.slice(start, end), wanted, onUnreadable, samples);
    start = end + 1;
  }
  return samples;
}

const hash = "#".charCodeAt(0);
const namePattern = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const valuePattern = /^\s*([+-]?(?:\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|inf(?:inity)?|nan))(?:\s|$)/i;
const labelPattern = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(,|(?=\}))/y;

function readLine(
  line: string,
  wanted: (name: string) => boolean,
  onUnreadable: (line: string) => void,
  samples: PrometheusSample[],
): void {
  if (line.trim() === "") return;
  const name = namePattern.exec(line)?.[0];
  if (name !== undefined && !wanted(name)) return;
  const labels: Record<string, string> = {};
  const labelled = name !== undefined && line[name.length] === "{";
  const rest = labelled ? readLabels(line, name.length + 1, labels) : name?.length;
  const value = rest === undefined ? undefined : valuePattern.exec(line.slice(rest))?.[1];
  if (name === undefined || value === undefined) onUnreadable(line);
  else samples.push({ name, labels, value: readNumber(value) });
}

/** Reads labels from a place inside the braces; returns the place after the closing one, or undefined. */
function readLabels(line: string, from: number, labels: Record<string, string>): number | undefined {
  labelPattern.lastIndex = from;
  let place = from;
  for (;;) {
    const closing = /\s*\}/y;
    closing.lastIndex = place;
    if (closing.test(line)) return closing.lastIndex;
    labelPattern.lastIndex = place;
    const label = labelPattern.exec(line);
    if (label?.[1] === undefined) return undefined;
    labels[label[1]] = (label[2] ?? "").replace(/\\(.)/g, (_, escaped: string) => (escaped === "n" ? "\n" : escaped));
    place = labelPattern.lastIndex;
  }
}

function readNumber(text: string): number {
  if (/inf/i.test(text)) return text.startsWith("-") ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  return /nan/i.test(text) ? Number.NaN : Number(text);
}
