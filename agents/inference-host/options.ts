import { availableParallelism } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { leastSilenceMs } from "../../catalog/serving-limits";
import { ports } from "../../contracts/ports";
import { answerSeconds, outputTokens, queueSeconds } from "../../contracts/requests";
import {
  count as countBetween,
  listenSettings,
  readSettings,
  type SettingValues,
  setting,
  variableName as variableOf,
} from "../../runtime/settings";

const count = (least: number, most = 1_000_000) => countBetween(least, most);
const shareRange = "a number, 0.1 to 0.98";
const share = z.coerce.number(shareRange).min(0.1, shareRange).max(0.98, shareRange);
const millisecondsRange = "milliseconds, 0 to 10000";
const milliseconds = z.coerce.number(millisecondsRange).min(0, millisecondsRange).max(10_000, millisecondsRange);
const flag = z.preprocess((value) => value === true || value === "true" || value === "1", z.boolean());
const port = count(0, 65_535);
export const prefix = "INFERENCE_HOST";

/**
 * Every setting of the host. Each is an option (`--queue-seconds 20`) and an environment variable
 * (`INFERENCE_HOST_QUEUE_SECONDS=20`); the option wins.
 */
export const settings = {
  engine: setting(
    z.enum(["llama", "vllm"], "llama or vllm"),
    "llama",
    "llama.cpp in this process, or vLLM over loopback HTTP",
  ),
  model: setting(
    z.string().optional(),
    undefined,
    "llama: path of a GGUF file (the toy when missing); vllm: weights folder or hub name",
  ),
  baseModel: setting(z.string().optional(), undefined, "name that clients ask for; the model's own name when missing"),
  adapters: setting(
    z.string().optional(),
    undefined,
    "folder or s3://bucket/prefix with manifest.json; with the toy its own",
  ),
  cache: setting(z.string(), join(".platform", "inference-host"), "folder for adapters that come from S3"),
  manifestSeconds: setting(
    count(0),
    0,
    "seconds between two looks for new adapter versions; 0: only when the operator asks",
  ),
  archetypes: setting(
    z.string().optional(),
    undefined,
    "archetypes and chains laid over the product's: a JSON file, s3://bucket/path.json, or base64: and the document",
  ),
  chains: setting(
    z.string().optional(),
    undefined,
    "JSON file with chains in the place of all others; the product's when missing",
  ),
  ...listenSettings(ports.inferenceHost, "the client API"),
  operatorPort: setting(port, ports.inferenceHostOperator, "port of the operator's routes, always on 127.0.0.1"),
  contextTokens: setting(count(128), 2_048, "context of one request in tokens"),
  maxOutputTokens: setting(count(1), outputTokens.most, "tokens that one request may ask for"),
  maxBodyBytes: setting(count(1_024, 64 * 1_048_576), 1_048_576, "bytes of a request body"),
  maxSequences: setting(count(1, 4_096), 64, "vllm: requests in one batch (--max-num-seqs)"),
  sequences: setting(count(1, 64), 4, "llama: requests at once for one adapter"),
  threads: setting(count(1, 256).optional(), undefined, "llama: threads; all cores but one when missing"),
  tokenMs: setting(
    milliseconds.optional(),
    undefined,
    "milliseconds between two tokens of the only stream; limits of chains follow from it, and are 60 s when missing",
  ),
  tokenMsPerSequence: setting(milliseconds, 0, "milliseconds that each further stream adds to it"),
  prefillTokensPerSecond: setting(count(1, 10_000_000), 1_000, "prompt tokens a second, where token-ms is given"),
  promptCacheMib: setting(
    count(0, 65_536),
    256,
    "llama: MiB of temporary files that keep what conversations have computed, for each adapter and the base model; 0: none",
  ),
  gpuMemoryMib: setting(
    count(1).optional(),
    undefined,
    "vllm: memory of the GPU in MiB; the fit is checked and slots are chosen when given",
  ),
  gpuMemoryUtilization: setting(share, 0.9, "vllm: share of GPU memory that it takes"),
  gpuAdapters: setting(
    count(1, 512).optional(),
    undefined,
    "adapters on the GPU at once; from the memory arithmetic when missing",
  ),
  spareAdapters: setting(count(0, 512), 8, "vllm: room in CPU memory for versions that were unloaded"),
  maxRank: setting(count(1, 512), 32, "largest adapter rank that the engine is started for"),
  vllmUrl: setting(
    z.url({ protocol: /^https?$/, error: "an address such as http://HOST:PORT" }),
    `http://127.0.0.1:${ports.vllm}`,
    "vllm: where it listens",
  ),
  vllmExec: setting(
    z.string().optional(),
    undefined,
    "vllm: program to start it with; when missing it is a unit of its own that is waited for",
  ),
  vllmPidFile: setting(
    z.string().optional(),
    undefined,
    "vllm: file with its process id, where it is a unit of its own: a hung one is killed, and its unit starts it again",
  ),
  toolParser: setting(
    z
      .string()
      .regex(/^[a-z][a-z0-9_]*$/, "the name of a parser that vLLM has")
      .optional(),
    undefined,
    "vllm: parser of the model's tool calls; of the catalogue when missing, and without one no tool is the model's to choose",
  ),
  silenceSeconds: setting(
    count(1, 3_600),
    leastSilenceMs / 1000,
    "seconds without a token that say nothing yet; an engine that has work counts as hung after that and after twice the time that it reads its longest prompt in",
  ),
  queuePerArchetype: setting(count(1), 256, "requests of one archetype that may wait"),
  queueTotal: setting(count(1), 1_024, "requests that may wait"),
  queueSeconds: setting(count(1, 3_600), queueSeconds, "seconds that a request may wait"),
  ageBoundMs: setting(count(10, 600_000), 2_000, "milliseconds after which a request goes before all later ones"),
  requestSeconds: setting(count(1, 3_600), answerSeconds, "seconds that a request may take"),
  stallSeconds: setting(count(1, 3_600), 30, "seconds that a client may stop reading"),
  quietSeconds: setting(count(1, 3_600), 20, "vllm: seconds that a load waits for running adapter requests to finish"),
  drainSeconds: setting(
    count(0, 7_200),
    90,
    "seconds that requests get after SIGTERM or the group's wish to terminate",
  ),
  interruptionMarginSeconds: setting(
    count(0, 110),
    10,
    "seconds before a spot interruption at which streams are ended",
  ),
  ec2: setting(flag, false, "watch instance metadata and complete lifecycle hooks"),
  autoScalingGroup: setting(z.string().optional(), undefined, "instead of the instance tag aws:autoscaling:groupName"),
  launchHook: setting(z.string(), "launch", "name of the launch lifecycle hook"),
  terminateHook: setting(z.string(), "terminate", "name of the terminating lifecycle hook"),
} as const;

export type HostOptions = SettingValues<typeof settings>;

/** Cores of this machine, for the help text. */
export const cores = availableParallelism();

/** `queueSeconds` as a variable: `INFERENCE_HOST_QUEUE_SECONDS`. */
export const variableName = (name: string): string => variableOf(prefix, name);

/**
 * Reads settings from options, then variables, then defaults.
 * @throws InputError that names the option or the variable
 */
export const readOptions = (given: Readonly<Record<string, unknown>>, env: NodeJS.ProcessEnv): HostOptions =>
  readSettings(settings, prefix, given, env);
