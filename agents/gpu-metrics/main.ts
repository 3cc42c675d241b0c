import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { InputError } from "../../contracts/input-error";
import { createImds } from "../../runtime/imds";
import { createLogger, type Logger } from "../../runtime/logger";
import { exitCodes, runMain } from "../../runtime/main";
import { createSdNotify } from "../../runtime/sd-notify";
import { Agent } from "./agent";
import { describeExplanation, explain } from "./observe/explain";
import { describeSample, takeSample } from "./observe/once";
import { selfCheck } from "./observe/selfcheck";
import { serve } from "./observe/server";
import { table } from "./observe/table";
import { isLoopback, readSettings, type Settings } from "./options";
import { systemClock } from "./publish/clock";
import { CloudWatchSink } from "./publish/cloudwatch";

/** Milliseconds for `--once`. */
const onceMs = 20_000;
/** Milliseconds without a turn of the loop after which the watchdog is left to bite. */
const stuckMs = 10_000;
/** Milliseconds between two full collections of the heap; each takes about 10 ms. */
const collectMs = 30_000;
/** Milliseconds that systemd is waited for at the end. */
const tellMs = 500;

async function main(): Promise<number | undefined> {
  const settings = await readSettings(process.argv.slice(2), process.env);
  if (settings === undefined) return exitCodes.fine;
  const log = createLogger("gpu-metrics", process.env.LOG_LEVEL ?? (settings.mode === "run" ? "info" : "error"));
  if (settings.mode === "explain") {
    print(settings, explain(settings), () => describeExplanation(settings));
    return exitCodes.fine;
  }
  if (settings.mode === "once") return showSample(settings, log);
  if (settings.mode === "selfcheck") return showChecks(settings, log);
  return run(settings, log);
}

async function showSample(settings: Settings, log: Logger): Promise<number> {
  const sample = await takeSample(settings, log, onceMs);
  if (sample === undefined) {
    throw new Error(
      `no source of GPU values answers (--source ${settings.source}); for a machine without a GPU: --source simulated`,
    );
  }
  print(settings, sample, () => describeSample(sample));
  return exitCodes.fine;
}

async function showChecks(settings: Settings, log: Logger): Promise<number> {
  const checks = await selfCheck(settings, log);
  print(settings, checks, () =>
    table(
      ["check", "result", "detail"],
      checks.map(({ name, result, detail }) => [name, result, detail]),
    ),
  );
  return checks.some(({ result }) => result === "failed") ? exitCodes.findings : exitCodes.fine;
}

function print(settings: Settings, data: unknown, text: () => string): void {
  process.stdout.write(settings.json ? `${JSON.stringify(data, null, 2)}\n` : text());
}

async function run(settings: Settings, log: Logger): Promise<number> {
  stayLean();
  refuseInventedValues(settings);
  // The SDK's own credential provider must not fall back to version 1 either.
  process.env.AWS_EC2_METADATA_V1_DISABLED = "true";
  const notify = createSdNotify({
    onError: (error) => log.warn({ reason: error.message }, "systemd-notify does not work"),
  });
  const agent = new Agent({
    settings,
    log,
    clock: systemClock,
    imds: createImds(),
    makeSink: settings.publish
      ? (self) =>
          new CloudWatchSink({
            identity: () => self.instance.identity,
            endpoint: settings.endpoint,
            period: settings.period,
          })
      : undefined,
  });
  const server = settings.listen === undefined ? undefined : await serve(agent, settings.listen);
  const stopSignal = Promise.race([once(process, "SIGTERM"), once(process, "SIGINT")]);
  agent.start();
  log.info({ source: settings.source, period: settings.period, publish: settings.publish }, "started");
  await notify.ready("sampling");
  const endWatchdog = notify.startWatchdog(() => systemClock.mono() - agent.lastTick < stuckMs);

  await stopSignal;
  log.info("stopping");
  endWatchdog();
  const told = notify.stopping();
  await agent.stop(settings.shutdownMs);
  await Promise.race([told, sleep(tellMs)]);
  server?.close();
  server?.closeAllConnections();
  log.info({ delivered: agent.delivered }, "stopped");
  return exitCodes.fine;
}

/**
 * Keeps the heap small, which V8 would let grow to what it thinks a server wants. The young generation stays at its initial size
 * (the growth factor, unlike the limit, is read each time), and a full collection every half minute gives back what piled up.
 */
function stayLean(): void {
  setFlagsFromString("--semi-space-growth-factor=1");
  setFlagsFromString("--expose-gc");
  const collect: unknown = runInNewContext("gc");
  setFlagsFromString("--no-expose-gc");
  if (typeof collect === "function") setInterval(() => collect(), collectMs).unref();
}

/** Invented values stay on this machine. */
function refuseInventedValues(settings: Settings): void {
  if (settings.source !== "simulated" || !settings.publish || isLoopback(settings.endpoint)) return;
  throw new InputError({
    path: "--source",
    given: "simulated",
    allowed: "simulated with --publish off, or with an --endpoint on this machine",
    where: "command line or environment",
  });
}

void runMain("gpu-metrics", main).finally(() => {
  // A child that hangs in the kernel must not hold the process up after everything was flushed.
  process.exit();
});
