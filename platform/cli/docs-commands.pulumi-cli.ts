import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { findCli } from "../testing/pulumi-cli/find-cli";
import { commandsOf, pages } from "../testing/written-commands";

const isPulumi = ([first, second]: readonly string[]): boolean =>
  (first === "pulumi" && second !== undefined && /^[a-z]/.test(second)) || (first === "npx" && second === "pulumi");

describe("the commands of Pulumi that README and docs show", function () {
  this.timeout(600_000);
  const found = findCli();
  if ("missing" in found) throw new Error(found.missing);
  const helps = new Map<string, string>();
  // Saved plans are an experiment of Pulumi's, and shown only so.
  const env = { ...process.env, PULUMI_EXPERIMENTAL: "true" };
  const helpOf = (...command: string[]): string => {
    const key = command.join(" ");
    if (!helps.has(key))
      helps.set(key, spawnSync(found.path, [...command, "--help"], { encoding: "utf8", env }).stdout);
    return helps.get(key)!;
  };

  it("are ones that the real CLI's own help knows", () => {
    const all = pages.flatMap((page) => commandsOf(page, isPulumi));
    assert.ok(all.length > 5);
    const problems = all.flatMap(({ page, line, words }) => {
      const given = words.slice(words[0] === "npx" ? 2 : 1);
      const command = given.slice(0, ["stack", "config"].includes(given[0]!) && /^[a-z]/.test(given[1] ?? "") ? 2 : 1);
      const help = helpOf(...command);
      const options = given.filter((word) => /^--?[a-z]/.test(word)).map((word) => word.split("=")[0]!);
      const unknown = help.includes("Usage:")
        ? options.filter((option) => !new RegExp(`(^|\\s)${option}[,\\s]`, "m").test(help))
        : command;
      return unknown.length === 0 ? [] : [`${page}:${line}: ${words.join(" ")}: ${unknown.join(", ")}`];
    });
    assert.deepEqual(problems, []);
  });
});
