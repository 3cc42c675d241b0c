import { createReadStream, existsSync } from "node:fs";
import { basename } from "node:path";
import { createInterface } from "node:readline";
import { defaultWorkload, type Workload } from "../../../catalog/workload";
import { InputError } from "../../../contracts/input-error";
import { type Demand, defaultStart } from "./demand";
import { generateDemand, isPreset, playerDemand, presets } from "./generators";
import { RequestCollector, requestDemand } from "./request-trace";
import { badTrace, traceNumber, traceTime } from "./trace-error";

export interface DemandOptions {
  /** Players at the peak of a preset's ordinary day. @default 5000 */
  readonly players?: number;
  /** Days of a preset. @default the preset's own */
  readonly days?: number;
  /** @default 1 */
  readonly seed?: number;
  /** @default defaultWorkload */
  readonly workload?: Workload;
  /** Factor on a trace. @default 1 */
  readonly scale?: number;
}

/**
 * Reads a demand: the name of a preset, or a file in one of the formats of {@link formats}.
 * @throws InputError with the line for a trace with gaps, out of order, with negative values or unknown columns.
 */
export async function readDemand(source: string, options: DemandOptions = {}): Promise<Demand> {
  if (isPreset(source)) return generateDemand(source, options);
  if (!existsSync(source)) {
    throw new InputError({
      path: "demand",
      given: source,
      allowed: `a file, or a preset: ${Object.keys(presets).join(", ")}`,
      where: "--demand",
    });
  }
  const lines = createInterface({ input: createReadStream(source, "utf8"), crlfDelay: Number.POSITIVE_INFINITY });
  return readLines(basename(source), lines, options);
}

/** A format by its first line, and how the rest is read. */
interface Format {
  readonly columns: string;
  readonly about: string;
  readonly reader: (file: string, options: DemandOptions, workload: Workload) => Reader;
}
interface Reader {
  line(cells: readonly string[], line: number): void;
  end(): Demand;
}

/** CSV formats by their header, in lower case. The first two are this project's own. */
const formats: readonly Format[] = [
  {
    columns: "time,players",
    about: "players over time",
    reader: (file, options, workload) => sampled(file, options, workload, "players"),
  },
  {
    columns: "time,requests",
    about: "requests in each interval",
    reader: (file, options, workload) => sampled(file, options, workload, "requests"),
  },
  {
    columns: "timestamp,contexttokens,generatedtokens",
    about: "requests in the format of the Azure LLM inference trace",
    reader: (file, options, workload) =>
      single(file, options, workload, { time: 0, input: 1, output: 2 }, "Azure LLM inference trace"),
  },
  {
    columns: "request_id,timestamp,input_tokens,output_tokens",
    about: "requests as ServeGen writes them",
    reader: (file, options, workload) =>
      single(file, options, workload, { time: 1, input: 2, output: 3 }, "ServeGen requests"),
  },
];

/** Formats in words, for help and errors. */
export const formatNames = [
  ...formats.map(({ columns, about }) => `${columns} (${about})`),
  "JSON lines with timestamp, input_length, output_length (Mooncake)",
  "start,rate,cv,pattern,shape,scale without a header (ServeGen client windows of 600 s)",
];

async function readLines(file: string, lines: AsyncIterable<string>, options: DemandOptions): Promise<Demand> {
  const workload = options.workload ?? defaultWorkload;
  let reader: Reader | undefined;
  let jsonReader: ReturnType<typeof mooncake> | undefined;
  let number = 0;
  for await (const text of lines) {
    number++;
    if (text.trim() === "") continue;
    if (reader === undefined && jsonReader === undefined) {
      if (text.startsWith("{")) jsonReader = mooncake(file, options, workload);
      else {
        reader = csvReader(file, text, options, workload);
        if (!isClientWindow(text)) continue;
      }
    }
    if (jsonReader !== undefined) jsonReader.line(text, number);
    else
      reader?.line(
        text.split(",").map((cell) => cell.trim()),
        number,
      );
  }
  const used = jsonReader ?? reader;
  return used === undefined ? badTrace(file, undefined, "an empty file", formatNames.join("; ")) : used.end();
}

function csvReader(file: string, header: string, options: DemandOptions, workload: Workload): Reader {
  const columns = header
    .replace(/^\uFEFF/, "")
    .toLowerCase()
    .replaceAll(/\s/g, "");
  const format = formats.find((candidate) => candidate.columns === columns);
  if (format !== undefined) return format.reader(file, options, workload);
  if (isClientWindow(header)) return clientWindows(file, options, workload);
  return badTrace(file, 1, header, `one of these columns: ${formatNames.join("; ")}`);
}

const isClientWindow = (line: string): boolean => /^\d+(\.\d+)?,[\d.]*,[^,]*,\s*[A-Za-z]*\s*,/.test(line);

/** Values at even distances: players, or counts of requests. */
function sampled(file: string, options: DemandOptions, workload: Workload, what: "players" | "requests"): Reader {
  const values: number[] = [];
  let start: Date | undefined;
  let last: number | undefined;
  let interval: number | undefined;
  return {
    line(cells, line) {
      if (cells.length !== 2) badTrace(file, line, cells.join(","), `two columns, time and ${what}`);
      const { seconds, dated } = traceTime(file, line, "time", cells[0]!);
      start ??= dated ? new Date(seconds * 1000) : defaultStart;
      if (last !== undefined) {
        const step = seconds - last;
        if (step <= 0) badTrace(file, line, cells[0], "times in order");
        interval ??= step;
        if (Math.abs(step - interval) > interval * 0.01) {
          badTrace(
            file,
            line,
            `${step} s after the line before`,
            `one line each ${interval} s, as at the start; fill the gap`,
          );
        }
      }
      last = seconds;
      values.push(traceNumber(file, line, what, cells[1]) * (options.scale ?? 1));
    },
    end() {
      if (interval === undefined || start === undefined)
        badTrace(file, undefined, `${values.length} lines`, "two lines or more");
      const every = interval!;
      const about = `${what} of ${file}, each ${every} s`;
      const series = Float64Array.from(values);
      if (what === "players") return playerDemand(file, about, series, every, start!, workload);
      return requestDemand(
        file,
        about,
        series.map((count) => count / every),
        every,
        start!,
        workload,
      );
    },
  };
}

/** One line per request. */
function single(
  file: string,
  options: DemandOptions,
  workload: Workload,
  columns: { readonly time: number; readonly input: number; readonly output: number },
  name: string,
): Reader {
  const collector = new RequestCollector(file);
  let isDated = false;
  return {
    line(cells, line) {
      const { seconds, dated } = traceTime(file, line, "timestamp", cells[columns.time] ?? "");
      isDated ||= dated;
      const input = traceNumber(file, line, "input tokens", cells[columns.input]);
      const output = traceNumber(file, line, "output tokens", cells[columns.output]);
      collector.add({ time: seconds, input, output, line });
    },
    end: () => collector.demand(name, { file, workload, scale: options.scale }, isDated),
  };
}

/** Mooncake: one JSON object per line, time in milliseconds. */
function mooncake(file: string, options: DemandOptions, workload: Workload) {
  const collector = new RequestCollector(file);
  return {
    line(text: string, line: number): void {
      const request = parseLine(file, text, line);
      const time = traceNumber(file, line, "timestamp", request.timestamp) / 1000;
      const input = traceNumber(file, line, "input_length", request.input_length);
      const output = traceNumber(file, line, "output_length", request.output_length);
      collector.add({ time, input, output, line });
    },
    end: () => collector.demand("Mooncake trace", { file, workload, scale: options.scale }, false),
  };
}

function parseLine(file: string, text: string, line: number): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // Falls through to the one message for everything that is not an object.
  }
  return badTrace(file, line, text, "a JSON object with timestamp, input_length and output_length");
}

/** ServeGen's windows of one client: mean rate over 600 s each; a window without a rate has no requests. */
function clientWindows(file: string, options: DemandOptions, workload: Workload): Reader {
  const windowSeconds = 600;
  const rates: number[] = [];
  let first: number | undefined;
  return {
    line(cells, line) {
      const start = traceNumber(file, line, "start", cells[0]);
      first ??= start;
      const index = (start - first) / windowSeconds;
      if (!Number.isInteger(index) || index !== rates.length) {
        badTrace(file, line, start, `a window each ${windowSeconds} s, in order and without a gap`);
      }
      rates.push(cells[1] === "" ? 0 : traceNumber(file, line, "rate", cells[1]) * (options.scale ?? 1));
    },
    end() {
      const demand = requestDemand(
        file,
        "ServeGen client windows",
        Float64Array.from(rates),
        windowSeconds,
        defaultStart,
        workload,
      );
      // A rate is not a record of requests: arrivals around it are random.
      const tiers = { gold: { ...demand.tiers.gold, exact: false }, silver: { ...demand.tiers.silver, exact: false } };
      return { ...demand, tiers };
    },
  };
}
