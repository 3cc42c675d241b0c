import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import type { Logger } from "../../../runtime/logger";
import { readHost } from "../node/host";
import { KernelLog } from "../node/kernel-log";
import type { Settings } from "../options";
import { takeSample } from "./once";

export interface Check {
  readonly name: string;
  /** A warning is something that the agent can do without. */
  readonly result: "ok" | "warning" | "failed";
  readonly detail: string;
}

/** Milliseconds for a sample: the host engine may have been started a moment ago. */
const sampleMs = 30_000;

/** Values without which scaling has nothing to go by. */
const required = ["utilization", "fbUsedMiB", "temperatureC", "powerW"] as const;

/**
 * Checks on the machine that the image is built from what the agent will need on every node. Nothing outside of the machine is
 * asked.
 */
export async function selfCheck(settings: Settings, log: Logger): Promise<readonly Check[]> {
  return [
    check("node", Number(process.versions.node.split(".")[0]) >= 20, `Node ${process.versions.node}`),
    ...(await checkGpus(settings, log)),
    await checkHost(),
    checkKernelLog(settings.kernelLog),
    checkProgram("systemd-notify", "readiness and watchdog"),
    await checkClient(),
  ];
}

async function checkGpus(settings: Settings, log: Logger): Promise<Check[]> {
  const sample = await takeSample(settings, log, sampleMs);
  if (sample === undefined) {
    const nobodyExpected = settings.expectGpus === 0;
    return [{ name: "gpus", result: nobodyExpected ? "ok" : "failed", detail: "no source of GPU values answers" }];
  }
  const gpus = sample.batch.readings.filter(({ kind }) => kind === "gpu");
  const missing = required.filter((key) => gpus.some(({ values }) => values[key] === undefined));
  const expected = settings.expectGpus ?? Math.max(1, gpus.length);
  const best = sample.source === "dcgmi" || settings.source !== "auto";
  return [
    {
      name: "source",
      result: sample.source === "simulated" ? "failed" : best ? "ok" : "warning",
      detail: sample.source === "simulated" ? "simulated values are no check of a machine" : sample.source,
    },
    check("gpus", gpus.length === expected, `${gpus.length} found, ${expected} expected`),
    check(
      "values",
      missing.length === 0,
      missing.length === 0 ? "all that scaling needs" : `missing: ${missing.join(", ")}`,
    ),
  ];
}

async function checkHost(): Promise<Check> {
  const { cpu, memory } = await readHost();
  return check("host", cpu !== undefined && memory !== undefined, "processor and memory of the host");
}

function checkKernelLog(path: string | undefined): Check {
  if (path === undefined) return { name: "kernel-log", result: "ok", detail: "not asked for" };
  const log = KernelLog.open(path);
  log?.close();
  const detail = log === undefined ? `${path} cannot be read: XIDs come from DCGM alone` : path;
  return { name: "kernel-log", result: log === undefined ? "warning" : "ok", detail };
}

function checkProgram(name: string, purpose: string): Check {
  const found = (process.env.PATH ?? "").split(delimiter).some((folder) => isExecutable(join(folder, name)));
  return { name, result: found ? "ok" : "warning", detail: found ? purpose : `not found: no ${purpose}` };
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** The bundle must hold the client: on a node there is nowhere to load it from. */
async function checkClient(): Promise<Check> {
  const { PutMetricDataCommand } = await import("@aws-sdk/client-cloudwatch");
  const { SetInstanceHealthCommand } = await import("@aws-sdk/client-auto-scaling");
  const complete = typeof PutMetricDataCommand === "function" && typeof SetInstanceHealthCommand === "function";
  return check("aws-sdk", complete, "CloudWatch and Auto Scaling clients");
}

function check(name: string, passed: boolean, detail: string): Check {
  return { name, result: passed ? "ok" : "failed", detail };
}
