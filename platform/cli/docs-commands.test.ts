import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { commandsOf, pages } from "../testing/written-commands";
import { commands } from "./commands";

const root = join(__dirname, "..", "..");
const scripts: Record<string, string> = JSON.parse(readFileSync(join(root, "package.json"), "utf8")).scripts;

const isOurs = ([first, second]: readonly string[]): boolean =>
  (first === "npx" && second === "platform") ||
  (first === "platform" && second !== undefined) ||
  (first === "npm" && (second === "run" || second === "start" || second === "test"));

const program = new Command("platform");
for (const load of Object.values(commands)) load()(program);

/** What is wrong with words for a command of `platform`; undefined for nothing. */
function platformProblem(words: readonly string[], command: Command = program): string | undefined {
  const [first, ...rest] = words;
  const sub = command.commands.find((one) => one.name() === first);
  if (sub !== undefined) return platformProblem(rest, sub);
  if (command.commands.length > 0 && (first === undefined || !first.startsWith("-"))) {
    // `platform ephemeral`, of the command as a whole, or with its subcommands in the table's own shorthand.
    const known = (first ?? "")
      .split("|")
      .every((name) => name === "" || command.commands.some((one) => one.name() === name));
    return known ? undefined : `${command.name()} has no command ${first}`;
  }
  return optionProblem(
    words,
    command.options.flatMap(({ long, short }) => [long, short]).filter((name) => name !== undefined),
  );
}

function optionProblem(words: readonly string[], known: readonly string[]): string | undefined {
  const options = words.filter((word) => /^-{1,2}[a-zA-Z]/.test(word)).map((word) => word.split("=")[0]!);
  const unknown = options.find((option) => option !== "--help" && !known.includes(option));
  return unknown === undefined ? undefined : `there is no option ${unknown}`;
}

/** What a program prints for `--help`, or for that of one of its commands; asked once. */
const helps = new Map<string, string>();
function helpOf(script: string, ...command: string[]): string {
  const key = [script, ...command].join(" ");
  const known = helps.get(key);
  if (known !== undefined) return known;
  const { stdout, stderr } = spawnSync("npm", ["run", "--silent", script, "--", ...command, "--help"], {
    cwd: root,
    encoding: "utf8",
  });
  const text = `${stdout}${stderr}`;
  helps.set(key, text);
  return text;
}

/** Scripts whose programs print the options that they take; the others take none, or those of a tool. */
const withHelp = new Set(["inference-host", "gpu-metrics", "ai-router", "kb"]);
/** Scripts that are found by looking through their own text: benches, whose options are in their heads. */
const sourceOf = (script: string): string =>
  [...(scripts[script] ?? "").matchAll(/\S+\.(?:ts|cjs)/g)]
    .map(([file]) => readFileSync(join(root, file), "utf8"))
    .join("\n");

/** The words before the first option: a command and what it is about, at whose end `--help` is understood. */
const leading = (args: readonly string[]): string[] => {
  const end = args.findIndex((word) => word.startsWith("-"));
  return args.slice(0, Math.min(2, end === -1 ? args.length : end));
};

function npmProblem([, verb, ...rest]: readonly string[]): string | undefined {
  const words =
    verb === "run"
      ? rest.filter((word) => word !== "--silent")
      : [verb!, ...rest.filter((word) => word !== "--silent")];
  const [script = "", ...more] = words;
  if (!/^[a-z]/.test(script)) return undefined;
  if (scripts[script] === undefined) return `there is no script ${script}`;
  const args = more.slice(more.indexOf("--") + 1);
  if (!more.includes("--") || args.length === 0) return undefined;
  if (scripts[script]!.includes("platform.cjs")) {
    const fixed = scripts[script]!.split("platform.cjs")[1]!
      .trim()
      .split(" ")
      .filter((word) => word !== "");
    return platformProblem([...fixed, ...args]);
  }
  const text = withHelp.has(script) ? helpOf(script, ...leading(args)) : sourceOf(script);
  const unknown = args
    .filter((word) => /^--[a-z]/.test(word))
    .find(
      (option) =>
        !text.includes(option) && !text.includes(`"${option.slice(2)}"`) && !text.includes(`${option.slice(2)}:`),
    );
  return unknown === undefined || scripts[script]!.startsWith("mocha")
    ? undefined
    : `npm run ${script} knows no ${unknown}`;
}

describe("the commands that README and docs show", function () {
  this.timeout(120_000);
  for (const page of pages) {
    it(`${page}: each is one that the programs' own help knows`, () => {
      const problems = commandsOf(page, isOurs).flatMap(({ line, words }) => {
        const problem =
          words[0] === "npm" ? npmProblem(words) : platformProblem(words.slice(words[0] === "npx" ? 2 : 1));
        return problem === undefined ? [] : [`${page}:${line}: ${words.join(" ")}: ${problem}`];
      });
      assert.deepEqual(problems, []);
    });
  }

  it("are found, and a wrong one would be", () => {
    const all = pages.flatMap((page) => commandsOf(page, isOurs));
    assert.ok(all.filter(({ words }) => words[1] === "platform" || words[0] === "platform").length > 40);
    assert.match(platformProblem(["preview", "--stak", "dev"])!, /no option --stak/);
    assert.match(platformProblem(["prevew"])!, /no command prevew/);
    assert.match(npmProblem(["npm", "run", "nonsense"])!, /no script nonsense/);
    assert.match(npmProblem(["npm", "run", "kb", "--", "search", "--nonsense"])!, /knows no --nonsense/);
  });
});
