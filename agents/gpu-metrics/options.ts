import { hostname } from "node:os";
import { Command, Option } from "commander";
import { InputError } from "../../contracts/input-error";
import { type MetricPeriod, metricPeriods } from "../../contracts/metrics";
import { ports } from "../../contracts/ports";
import { runCommandLine } from "../../runtime/command-line";
import { listenVariables, loopbackHost } from "../../runtime/listen";
import type { UtilizationSource } from "./gpu/node";
import { type SourceName, sourceNames } from "./sources/source";

/** What the program is to do. */
export type Mode = "run" | "once" | "selfcheck" | "explain";

export interface Settings {
  readonly mode: Mode;
  readonly json: boolean;
  readonly source: SourceName | "auto";
  readonly sampleMs: number;
  readonly period: MetricPeriod;
  readonly utilization: UtilizationSource;
  readonly perGpu: boolean;
  readonly dcgmi: string;
  readonly nvidiaSmi: string;
  readonly exporterUrl: string;
  readonly simulatedGpus: number;
  /** Tokens per second that put full load on a simulated GPU; undefined where its load is a wave. */
  readonly simulatedTokensPerSecond: number | undefined;
  /** Undefined where no inference host runs on the node. */
  readonly inferenceUrl: string | undefined;
  readonly autoScalingGroup: string | undefined;
  readonly region: string | undefined;
  readonly instanceId: string | undefined;
  readonly assumeInService: boolean;
  /** CloudWatch endpoint, where it is not the region's. */
  readonly endpoint: string | undefined;
  readonly publish: boolean;
  readonly markUnhealthy: boolean;
  /** Undefined where the kernel log is not to be read. */
  readonly kernelLog: string | undefined;
  /** Undefined where nothing is served. */
  readonly listen: { readonly host: string; readonly port: number } | undefined;
  readonly bufferMinutes: number;
  readonly shutdownMs: number;
  readonly expectGpus: number | undefined;
  readonly nodes: number;
  readonly gpus: number;
}

const prefix = "GPU_METRICS_";

interface Definition {
  readonly flags: string;
  readonly text: string;
  readonly fallback?: string;
  readonly choices?: readonly string[];
  /** A variable that all programs share, asked after the agent's own. */
  readonly shared?: string;
}

/** Every option that takes a value, its default and what it is; the environment variable has the same name. */
const definitions: readonly Definition[] = [
  { flags: "--source <name>", text: "where GPUs are read", fallback: "auto", choices: ["auto", ...sourceNames] },
  { flags: "--sample-ms <n>", text: "milliseconds between samples, 100-10000", fallback: "1000" },
  { flags: "--period <s>", text: "seconds of a window", fallback: "60", choices: metricPeriods.map(String) },
  {
    flags: "--utilization <from>",
    text: "auto: graphics engine activity (DCGM 1001) where available, else field 203; device: field 203",
    fallback: "auto",
    choices: ["auto", "device"],
  },
  { flags: "--per-gpu <on|off>", text: "also publish detail of each GPU", fallback: "off", choices: ["on", "off"] },
  { flags: "--dcgmi <path>", text: "the dcgmi program", fallback: "dcgmi" },
  { flags: "--nvidia-smi <path>", text: "the nvidia-smi program", fallback: "nvidia-smi" },
  {
    flags: "--exporter-url <url>",
    text: "dcgm-exporter on this node",
    fallback: `http://127.0.0.1:${ports.dcgmExporter}/metrics`,
  },
  { flags: "--simulated-gpus <n>", text: "GPUs of the simulated source, 1-16", fallback: "1" },
  {
    flags: "--simulated-tokens-per-second <n>",
    text: "the load of simulated GPUs follows the inference host, and is full at this many tokens a second (else a wave)",
  },
  {
    flags: "--inference-url <url>",
    text: "the inference host's metrics, or none",
    fallback: `http://127.0.0.1:${ports.inferenceHost}/metrics`,
  },
  { flags: "--auto-scaling-group <name>", text: "instead of the instance tag aws:autoscaling:groupName" },
  { flags: "--region <name>", text: "instead of the instance's region" },
  { flags: "--instance-id <id>", text: "instead of the instance's own" },
  {
    flags: "--lifecycle <from>",
    text: "imds, or assume-in-service outside of EC2",
    fallback: "imds",
    choices: ["imds", "assume-in-service"],
  },
  { flags: "--endpoint <url>", text: "CloudWatch endpoint instead of the region's" },
  { flags: "--publish <on|off>", text: "send data to CloudWatch", fallback: "on", choices: ["on", "off"] },
  {
    flags: "--on-fatal <what>",
    text: "mark-unhealthy: tell Auto Scaling to replace the instance after a fatal fault; report: say it only",
    fallback: "mark-unhealthy",
    choices: ["mark-unhealthy", "report"],
  },
  { flags: "--kernel-log <path>", text: "where XIDs are counted, or none", fallback: "/dev/kmsg" },
  {
    flags: "--host <address>",
    text: "where /metrics and /healthz listen",
    fallback: loopbackHost,
    shared: listenVariables.host,
  },
  {
    flags: "--port <n>",
    text: "their port, or none; 0 takes a free one",
    fallback: String(ports.gpuMetrics),
    shared: listenVariables.port,
  },
  { flags: "--buffer-minutes <n>", text: "minutes that undelivered data is kept, 1-120", fallback: "15" },
  { flags: "--shutdown-ms <n>", text: "milliseconds that SIGTERM may take, 500-60000", fallback: "5000" },
  { flags: "--expect-gpus <n>", text: "GPUs that --selfcheck must find" },
  { flags: "--nodes <n>", text: "nodes that --explain counts", fallback: "2" },
  { flags: "--gpus <n>", text: "GPUs per node that --explain counts", fallback: "1" },
];

/**
 * Reads the command line and the environment; the command line wins.
 * @returns undefined where the text that was asked for (`--help`) has been printed
 * @throws InputError naming the option, what was given and what is allowed
 */
export async function readSettings(argv: readonly string[], env: NodeJS.ProcessEnv): Promise<Settings | undefined> {
  const command = describeCommand(env);
  if (!(await runCommandLine(command, argv))) return undefined;
  return toSettings(command.opts<Record<string, string | boolean | undefined>>(), env);
}

function describeCommand(env: NodeJS.ProcessEnv): Command {
  const command = new Command("gpu-metrics")
    .description("Samples the GPUs of this node and publishes what scaling, dashboards and alarms need.")
    .option("--once", "print one sample as a table and end")
    .option("--selfcheck", "check what the agent needs on this machine and end; exit code 1 when something is missing")
    .option("--explain", "print what is published with these settings and what it costs a month, and end")
    .option("--json", "print JSON in place of a table")
    .addHelpText(
      "after",
      `\nEvery option with a value can be set by an environment variable, for example ${prefix}PERIOD=10.\n\nExamples:\n  gpu-metrics --once --source nvidia-smi\n  gpu-metrics --explain --period 10 --nodes 20\n  gpu-metrics --source simulated --lifecycle assume-in-service --publish off`,
    );
  for (const { flags, text, fallback, choices, shared = "" } of definitions) {
    const option = new Option(flags, text);
    const value = env[variableName(flags)] || env[shared];
    if (value !== undefined && value !== "") option.default(value, fallback);
    else if (fallback !== undefined) option.default(fallback);
    if (choices !== undefined) option.choices([...choices]);
    command.addOption(option);
  }
  return command;
}

/** `--sample-ms <n>` is GPU_METRICS_SAMPLE_MS. */
function variableName(flags: string): string {
  return prefix + (flags.split(" ")[0] ?? "").slice(2).replaceAll("-", "_").toUpperCase();
}

function toSettings(given: Readonly<Record<string, string | boolean | undefined>>, env: NodeJS.ProcessEnv): Settings {
  const text = (name: string): string => String(given[name] ?? "");
  const optional = (name: string): string | undefined => (given[name] === undefined ? undefined : text(name));
  const unlessNone = (name: string): string | undefined => (text(name) === "none" ? undefined : text(name));
  const modes = (["once", "selfcheck", "explain"] as const).filter((mode) => given[mode] === true);
  if (modes.length > 1) fail("command line", modes.map((mode) => `--${mode}`).join(" "), "one of them");
  for (const { flags, choices } of definitions) checkChoice(flags, choices, given);
  const assumeInService = text("lifecycle") === "assume-in-service";
  const inferenceUrl = unlessNone("inferenceUrl");
  return {
    mode: modes[0] ?? "run",
    json: given.json === true,
    source: text("source") as Settings["source"],
    sampleMs: integer("--sample-ms", text("sampleMs"), 100, 10_000),
    period: Number(text("period")) as MetricPeriod,
    utilization: text("utilization") as UtilizationSource,
    perGpu: text("perGpu") === "on",
    dcgmi: text("dcgmi"),
    nvidiaSmi: text("nvidiaSmi"),
    exporterUrl: httpUrl("--exporter-url", text("exporterUrl"), ["http:"]),
    simulatedGpus: integer("--simulated-gpus", text("simulatedGpus"), 1, 16),
    simulatedTokensPerSecond:
      given.simulatedTokensPerSecond === undefined
        ? undefined
        : integer("--simulated-tokens-per-second", text("simulatedTokensPerSecond"), 1, 1_000_000),
    inferenceUrl: inferenceUrl === undefined ? undefined : httpUrl("--inference-url", inferenceUrl, ["http:"]),
    autoScalingGroup: optional("autoScalingGroup"),
    region: optional("region") ?? env.AWS_REGION ?? env.AWS_DEFAULT_REGION,
    instanceId: optional("instanceId") ?? (assumeInService ? hostname() : undefined),
    assumeInService,
    endpoint: endpoint(optional("endpoint"), env),
    publish: text("publish") === "on",
    markUnhealthy: text("onFatal") === "mark-unhealthy",
    kernelLog: unlessNone("kernelLog"),
    listen:
      unlessNone("port") === undefined
        ? undefined
        : { host: text("host"), port: integer("--port", text("port"), 0, 65_535) },
    bufferMinutes: integer("--buffer-minutes", text("bufferMinutes"), 1, 120),
    shutdownMs: integer("--shutdown-ms", text("shutdownMs"), 500, 60_000),
    expectGpus: given.expectGpus === undefined ? undefined : integer("--expect-gpus", text("expectGpus"), 0, 16),
    nodes: integer("--nodes", text("nodes"), 0, 10_000),
    gpus: integer("--gpus", text("gpus"), 1, 16),
  };
}

function fail(path: string, given: unknown, allowed: string): never {
  throw new InputError({ path, given, allowed, where: "command line or environment" });
}

/** Commander checks choices on the command line only; the environment comes in as a default. */
function checkChoice(
  flags: string,
  choices: readonly string[] | undefined,
  given: Readonly<Record<string, string | boolean | undefined>>,
): void {
  const value = given[new Option(flags).attributeName()];
  if (choices === undefined || typeof value !== "string" || choices.includes(value)) return;
  throw new InputError({
    path: flags.split(" ")[0] ?? "",
    given: value,
    allowed: choices.join(", "),
    where: `environment variable ${variableName(flags)}`,
  });
}

function integer(path: string, text: string, least: number, most: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < least || value > most) fail(path, text, `a whole number, ${least}-${most}`);
  return value;
}

function httpUrl(path: string, text: string, protocols: readonly string[]): string {
  if (!URL.canParse(text) || !protocols.includes(new URL(text).protocol)) {
    fail(path, text, `a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(" or ")}`);
  }
  return text;
}

function endpoint(given: string | undefined, env: NodeJS.ProcessEnv): string | undefined {
  const value = given ?? (env.AWS_ENDPOINT_URL_CLOUDWATCH || env.AWS_ENDPOINT_URL || undefined);
  return value === undefined ? undefined : httpUrl("--endpoint", value, ["http:", "https:"]);
}

/** True where values that are invented may go: an endpoint on this machine. */
export function isLoopback(url: string | undefined): boolean {
  if (url === undefined) return false;
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(new URL(url).hostname);
}
