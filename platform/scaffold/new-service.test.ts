import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { newService } from "./new-service";

const root = join(__dirname, "../..");

/** A copy of the repository's parts that a service stands on, with the same packages. */
function copyOfRepository(): string {
  const folder = mkdtempSync(join(tmpdir(), "new-service-"));
  for (const part of [
    "contracts",
    "runtime",
    "services/capability-registry",
    "services/conformance.test.ts",
    "stacks",
    "components",
    "catalog",
    "platform/testing/end-of-tests.cjs",
    ".mocharc.json",
    "tsconfig.json",
    "package.json",
    "biome.json",
  ]) {
    mkdirSync(join(folder, part, ".."), { recursive: true });
    cpSync(join(root, part), join(folder, part), { recursive: true });
  }
  const tsconfig = join(folder, "tsconfig.json");
  const { compilerOptions } = JSON.parse(readFileSync(tsconfig, "utf8")) as { compilerOptions: object };
  // What others keep beside their programs is not in the copy.
  writeFileSync(tsconfig, JSON.stringify({ compilerOptions, include: ["contracts", "services", "stacks"] }));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return folder;
}

describe("platform new service", function () {
  this.timeout(300_000);
  let folder: string;
  beforeEach(() => {
    folder = copyOfRepository();
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("writes six files of a service that passes its tests, the conformance suite and the catalogue's", () => {
    const { made, catalogueEntry } = newService(folder, "quest-board");
    assert.equal(made.length, 6);
    const catalogue = join(folder, "stacks/service-catalogue.ts");
    const text = readFileSync(catalogue, "utf8");
    writeFileSync(catalogue, text.replace(/^ {2}"quest-system": \{/m, `${catalogueEntry}\n$&`));
    // Those that the copy leaves out have no folder there.
    const suite = join(folder, "services/conformance.test.ts");
    writeFileSync(suite, readFileSync(suite, "utf8").replace(/(const notOnTheKit[^=]*=) \[.*\]/, "$1 []"));
    const files = [
      "services/quest-board/items.test.ts",
      suite,
      "contracts/services/contracts.test.ts",
      "stacks/service-contracts.test.ts",
    ];
    const mocha = spawnSync(
      process.execPath,
      [
        join(root, "node_modules/mocha/bin/mocha.js"),
        "--timeout",
        "200000",
        "--grep",
        "quest-board|^the contracts",
        ...files,
      ],
      {
        cwd: folder,
        encoding: "utf8",
        env: { PATH: process.env.PATH, HOME: process.env.HOME },
      },
    );
    assert.equal(mocha.status, 0, `${mocha.stdout}${mocha.stderr}`);
    const checked = spawnSync(
      process.execPath,
      [join(root, "node_modules/typescript/bin/tsc"), "--noEmit", "-p", folder],
      {
        cwd: folder,
        encoding: "utf8",
      },
    );
    assert.equal(checked.stdout, "");
  });

  it("knows a service that the catalogue has already, and takes no name that is none or is taken", () => {
    const { catalogueEntry } = newService(folder, "event-bus");
    assert.equal(catalogueEntry, undefined);
    for (const [name, expected] of [
      ["event-bus", /name: "event-bus" is not allowed; allowed: a name that no service has/],
      ["Quest", /name: "Quest" is not allowed; allowed: two to 21 small letters/],
      ["../etc", /is not allowed/],
      ["a", /is not allowed/],
    ] as const) {
      assert.throws(() => newService(folder, name), expected);
    }
    assert.ok(!existsSync(join(folder, "services/Quest")));
  });
});
