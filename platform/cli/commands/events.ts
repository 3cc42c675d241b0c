import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import type { SQSClient } from "@aws-sdk/client-sqs";
import { type Command, InvalidArgumentError } from "commander";
import { InputError } from "../../../contracts/input-error";
import { type ConsumerQueues, replayDeadLetters, waitingMessages } from "../../../runtime/events/replay";
import { exitCodes } from "../../../runtime/main";
import { findRunning } from "../../local/run/run-file";
import { findProject } from "../project";
import { localDataDir } from "./up";

interface Flags {
  readonly local?: boolean;
  readonly stack?: string;
  readonly cwd: string;
  readonly dataDir?: string;
  readonly limit?: number;
  readonly json?: boolean;
}

/** The queues of a place, by consumer, and a client that reaches them. */
interface Queues {
  readonly sqs: SQSClient;
  readonly consumers: ReadonlyMap<string, ConsumerQueues>;
}

const examples = `
Dead letters are events that a consumer failed to apply five times; they are kept for 14 days. Mend the consumer, then replay them.

Examples:
  platform events list --local                             what waits, on this machine
  platform events replay weather-manager --stack prod      with your own AWS credentials, and pulumi for the queues' addresses
  platform events replay weather-manager --local --limit 1
`;

/** `platform events list|replay`: what waits for consumers of events, and another try for what they gave up. */
export function registerEvents(program: Command): void {
  const events = program.command("events").description("Queues of game events: list them, replay dead letters.");
  events.addHelpText("after", examples);
  const inPlace = (command: Command): Command =>
    command
      .option("--local", "the platform on this machine")
      .option("-s, --stack <name>", "a stack in the cloud")
      .option("-C, --cwd <folder>", "folder of the Pulumi project, or one below it", ".")
      .option("--data-dir <folder>", "data folder of the local platform (default: .platform/local of the project)")
      .option("--json", "print JSON");
  inPlace(events.command("list").description("Messages that wait for each consumer, and its dead letters.")).action(
    async (flags: Flags) => {
      process.exitCode = await list(flags);
    },
  );
  inPlace(events.command("replay <consumer>").description("Give a consumer its dead letters again."))
    .option("--limit <messages>", "messages at most (default: all that lie there now)", wholeNumber)
    .action(async (consumer: string, flags: Flags) => {
      process.exitCode = await replay(consumer, flags);
    });
}

async function list(flags: Flags): Promise<number> {
  const { sqs, consumers } = await findQueues(flags);
  const rows = await Promise.all(
    [...consumers].map(async ([consumer, { queueUrl, deadLetterUrl }]) => ({
      consumer,
      waiting: await waitingMessages(sqs, queueUrl),
      deadLetters: await waitingMessages(sqs, deadLetterUrl),
    })),
  );
  const lines = rows.map((row) => `${row.consumer}: ${row.waiting} waiting, ${row.deadLetters} dead letters`);
  print(flags, rows, lines.length === 0 ? "no service hears events" : lines.join("\n"));
  return exitCodes.fine;
}

async function replay(consumer: string, flags: Flags): Promise<number> {
  const { sqs, consumers } = await findQueues(flags);
  const queues = consumers.get(consumer);
  if (queues === undefined) {
    const allowed = `a service that hears events: ${[...consumers.keys()].join(", ") || "there is none"}`;
    throw new InputError({ path: "consumer", given: consumer, allowed, where: "events replay" });
  }
  const moved = await replayDeadLetters(sqs, queues, flags.limit);
  print(flags, { consumer, moved }, `${consumer}: ${moved} dead letters go through its queue again`);
  return exitCodes.fine;
}

function print({ json }: Flags, value: unknown, text: string): void {
  process.stdout.write(`${json ? JSON.stringify(value) : text}\n`);
}

async function findQueues(flags: Flags): Promise<Queues> {
  if ((flags.local === true) === (flags.stack !== undefined)) {
    const allowed = "either --local or --stack NAME";
    throw new InputError({ path: "events", given: flags.stack, allowed, where: "the command line" });
  }
  const projectDir = findProject(resolve(flags.cwd));
  return flags.stack === undefined
    ? localQueues(localDataDir(projectDir, flags.dataDir))
    : cloudQueues(projectDir, flags.stack);
}

/** Ends of the names that queues have in the stack. */
const queueEnds = { queueUrl: "-events-queue", deadLetterUrl: "-events-dead-letters" } as const;

async function localQueues(dataDir: string): Promise<Queues> {
  const endpoint = findRunning(dataDir)?.events;
  if (endpoint === undefined) {
    const allowed = "the data folder of a platform that runs on this machine (npm start)";
    throw new InputError({ path: "data-dir", given: dataDir, allowed, where: "--data-dir" });
  }
  const { ListQueuesCommand, SQSClient } = await import("@aws-sdk/client-sqs");
  const credentials = { accessKeyId: "local", secretAccessKey: "local" };
  const sqs = new SQSClient({ region: "us-east-1", endpoint, credentials });
  const { QueueUrls = [] } = await sqs.send(new ListQueuesCommand({}));
  const names = QueueUrls.map((url) => ({ url, name: url.split("/").at(-1)! }));
  const consumers = names.flatMap(({ url, name }): [string, ConsumerQueues][] => {
    if (!name.endsWith(queueEnds.queueUrl)) return [];
    const consumer = name.slice(0, -queueEnds.queueUrl.length);
    const dead = names.find((each) => each.name === `${consumer}${queueEnds.deadLetterUrl}`);
    return dead === undefined ? [] : [[consumer, { queueUrl: url, deadLetterUrl: dead.url }]];
  });
  return { sqs, consumers: new Map(consumers.sort(([a], [b]) => (a < b ? -1 : 1))) };
}

/** The addresses are outputs of the stack, which pulumi knows. */
async function cloudQueues(projectDir: string, stack: string): Promise<Queues> {
  const output = await pulumi(projectDir, ["stack", "output", "eventQueues", "--json", "--stack", stack]);
  const consumers = new Map(Object.entries(JSON.parse(output) as Record<string, ConsumerQueues>));
  const [first] = consumers.values();
  const region = /^https:\/\/sqs\.([a-z0-9-]+)\./.exec(first?.queueUrl ?? "")?.[1];
  const { SQSClient } = await import("@aws-sdk/client-sqs");
  return { sqs: new SQSClient({ region }), consumers };
}

function pulumi(projectDir: string, args: readonly string[]): Promise<string> {
  const path = `${join(projectDir, "node_modules", ".bin")}:${process.env.PATH}`;
  return new Promise((resolve, reject) => {
    execFile("pulumi", args, { cwd: projectDir, env: { ...process.env, PATH: path } }, (error, stdout, stderr) => {
      if (error === null) return resolve(stdout);
      const why = (error as NodeJS.ErrnoException).code === "ENOENT" ? "pulumi is not on the PATH" : undefined;
      const said = stderr.split("\n").find((line) => /error/i.test(line));
      reject(new Error(`pulumi ${args.join(" ")}: ${why ?? said ?? error.message}`));
    });
  });
}

function wholeNumber(text: string): number {
  if (/^[1-9]\d{0,8}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("expected a whole number from 1 on");
}
