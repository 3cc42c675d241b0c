import assert from "node:assert/strict";
import { Argument, Command, Option } from "commander";
import { InputError } from "../contracts/input-error";
import { decimalNumber, runCommandLine, wholeNumber } from "./command-line";

describe("a command line", () => {
  let ran: unknown[];
  let printed: string;

  function program(): Command {
    const print = (text: string): void => {
      printed += text;
    };
    const made = new Command("tool").configureOutput({ writeOut: print, writeErr: print });
    made
      .command("copy <from>")
      .requiredOption("--to <folder>")
      .option("--depth <n>", "", wholeNumber("--depth", 0, 9))
      .addOption(new Option("-c, --color <when>").choices(["auto", "never"]))
      .action((from: string, flags: object) => {
        ran.push({ from, ...flags });
      });
    made.command("keys").command("list");
    made
      .command("explain")
      .addArgument(new Argument("<tier>").choices(["gold", "silver"]))
      .option("--share <n>", "", decimalNumber("--share", 0));
    return made;
  }

  beforeEach(() => {
    ran = [];
    printed = "";
  });

  it("runs what it asks for, and only prints where help is asked for", async () => {
    assert.equal(await runCommandLine(program(), ["copy", "a", "--to", "b", "--depth", "3"]), true);
    assert.deepEqual(ran, [{ from: "a", to: "b", depth: 3 }]);
    assert.equal(await runCommandLine(program(), ["copy", "--help"]), false);
    assert.match(printed, /^Usage: tool copy/);
    assert.equal(ran.length, 1);
  });

  it("takes a word that is no command for a command that was meant, also where one runs by itself", async () => {
    const made = program();
    made.command("serve", { isDefault: true }).option("--port <n>");
    await assert.rejects(runCommandLine(made, ["--port", "1", "bogus"]), {
      message:
        'command: "bogus" is not allowed; allowed: copy, keys, explain, serve (set in the command line; see tool --help)',
    });
    await assert.rejects(runCommandLine(made, ["serve", "bogus"]), /allowed: no more than tool serve takes/);
  });

  for (const [line, message] of [
    ["", "command: nothing is not allowed; allowed: copy, keys, explain (set in the command line; see tool --help)"],
    [
      "bogus",
      'command: "bogus" is not allowed; allowed: copy, keys, explain (set in the command line; see tool --help)',
    ],
    ["keys lst", 'command: "lst" is not allowed; allowed: list (set in the command line; see tool keys --help)'],
    ["copy a --to b --from", 'unknown option: "--from" is not allowed; allowed: the options of tool copy'],
    ["copy a --to b --colour", 'unknown option: "--colour" is not allowed; allowed: --color'],
    ["copy --to b", "<from>: nothing is not allowed; allowed: a value (set in the command line; see tool copy --help)"],
    ["copy a b c --to d", 'arguments: "b c" is not allowed; allowed: no more than tool copy takes'],
    ["copy a", "--to: nothing is not allowed; allowed: a value"],
    ["copy a --to", "--to: nothing is not allowed; allowed: a value"],
    ["copy a --to b -c x", '--color: "x" is not allowed; allowed: auto, never'],
    ["copy a --to b --depth 1e0", 'depth: "1e0" is not allowed; allowed: a whole number from 0 to 9 (set in --depth)'],
    ["explain iron", '<tier>: "iron" is not allowed; allowed: gold, silver'],
    ["explain gold --share 1e-1", 'share: "1e-1" is not allowed; allowed: a number of at least 0 (set in --share)'],
    ["copy a --to b --depth 10", 'depth: "10" is not allowed'],
  ] as const) {
    it(`\`tool ${line}\` is refused in one line`, async () => {
      const args = line.split(" ").filter((word) => word !== "");
      await assert.rejects(runCommandLine(program(), args), (error) => {
        assert.ok(InputError.isInstance(error));
        assert.equal(error.message.slice(0, message.length), message);
        assert.ok(!error.message.includes("\n"));
        return true;
      });
      assert.deepEqual([ran, printed], [[], ""]);
    });
  }
});
