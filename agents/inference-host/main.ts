import { mkdir } from "node:fs/promises";
import { Command } from "commander";
import { patientIdleMs } from "../../runtime/close-server";
import { runCommandLine } from "../../runtime/command-line";
import { createLogger } from "../../runtime/logger";
import { endAnyway, exitCodes, runMain } from "../../runtime/main";
import { createSdNotify } from "../../runtime/sd-notify";
import { optionName } from "../../runtime/settings";
import { heedStopSignals } from "../../runtime/stop-signal";
import { type AdapterManifest, parseManifest } from "./adapters/manifest";
import { openS3, parseS3Url } from "./adapters/s3";
import { downloadAll, manifestFile, openStore } from "./adapters/store";
import { vllmCommand } from "./build-engine";
import { vllmArguments, vllmEnvironment } from "./engines/vllm-command";
import { startHost } from "./host";
import { type HostOptions, readOptions, settings, variableName } from "./options";
import { selfCheck } from "./self-check";

const examples = `
Examples:
  $ inference-host                                   the toy model on http://127.0.0.1:8000
  $ inference-host --model qwen.gguf --adapters ./adapters
  $ inference-host --engine vllm --model /opt/models/base --adapters s3://bucket/adapters --ec2
  $ inference-host vllm-command --model /opt/models/base --adapters ./adapters --gpu-memory-mib 22888
  $ inference-host fetch s3://bucket/models/base --to /opt/models/base

Every option is an environment variable as well: ${variableName("queueSeconds")}=20 is ${optionName("queueSeconds")} 20.`;

/** Reads the command line and runs what it asks for. */
async function main(): Promise<number | undefined> {
  const program = new Command("inference-host")
    .description("One base model, every archetype's adapter, an OpenAI-compatible API.")
    .addHelpText("after", examples);
  let code: number | undefined;
  withSettings(program)
    .option("--selfcheck", "start with the toy, answer one request, stop; exit code 0 when that worked")
    .action(async (given: Record<string, unknown>) => {
      code = given.selfcheck === true ? await selfCheck() : await serve(readOptions(given, process.env));
    });
  withSettings(program.command("vllm-command"))
    .description("print the command line and environment that vLLM needs to match these options, as JSON")
    .action(async (_: unknown, command: Command) => {
      await printVllmCommand(readOptions({ engine: "vllm", ...command.optsWithGlobals() }, process.env));
    });
  program
    .command("fetch <source>")
    .description("copy a manifest's weights and adapters from s3://bucket/prefix, each file checked")
    .requiredOption("--to <folder>", "where they go")
    .option("--weights-only", "leave the adapters out: the host fetches each when it is asked for")
    .action(fetchAll);
  await runCommandLine(program);
  return code;
}

function withSettings(command: Command): Command {
  for (const [name, { fallback, text }] of Object.entries(settings)) {
    const value = name === "ec2" ? "" : " <value>";
    const shown = fallback === undefined || fallback === false ? text : `${text} (default ${fallback})`;
    command.option(`${optionName(name)}${value}`, shown);
  }
  return command;
}

async function serve(options: HostOptions): Promise<number> {
  const logger = createLogger("inference-host");
  const systemd = createSdNotify({ onError: (error) => logger.warn({ err: error }, "systemd was not told") });
  const stop = heedStopSignals(logger);
  const host = await startHost(options, logger);
  stop.serving();
  const endWatchdog = systemd.startWatchdog(() => host.alive());
  const stopped = stop.wanted.then(() => {
    void systemd.stopping();
    return host.stop(patientIdleMs);
  });
  // The unit counts as started when it listens: vLLM may take minutes, and readiness is a matter of /ready.
  await systemd.ready(`listening on ${host.port}, waiting for the model`);
  const failed = host.ready.then(
    async () => {
      logger.info({ port: host.port }, "ready");
      await systemd.status(`serving on ${host.port}`);
      return new Promise<never>(() => {});
    },
    async (error: unknown) => {
      // A load that the stop broke off is no failure.
      if (stop.asked) return stopped;
      await host.stop();
      throw error;
    },
  );
  await Promise.race([stopped, failed]);
  endWatchdog();
  return exitCodes.fine;
}

async function printVllmCommand(options: HostOptions): Promise<void> {
  const manifest = await manifestOf(options);
  const command = vllmCommand(options, manifest);
  process.stdout.write(`${JSON.stringify({ args: vllmArguments(command), env: vllmEnvironment }, undefined, 2)}\n`);
}

async function manifestOf({ adapters, cache }: HostOptions): Promise<AdapterManifest | undefined> {
  return adapters === undefined ? undefined : (await openStore(adapters, cache)).manifest();
}

async function fetchAll(source: string, { to, weightsOnly }: { to: string; weightsOnly?: boolean }): Promise<void> {
  const s3 = await openS3(parseS3Url(source, "fetch"));
  const manifest = parseManifest(await s3.text(manifestFile), `${source}/${manifestFile}`);
  const adapterFiles = weightsOnly === true ? [] : manifest.adapters.flatMap((adapter) => adapter.files);
  const files = [...(manifest.weights ?? []), ...adapterFiles];
  await mkdir(to, { recursive: true });
  await downloadAll(s3, files, to);
  await s3.download(manifestFile, `${to}/${manifestFile}`);
  process.stdout.write(`${files.length} files in ${to}, all as the manifest says\n`);
}

void runMain("inference-host", main).then(endAnyway);
