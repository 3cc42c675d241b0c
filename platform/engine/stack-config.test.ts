import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readProject, splitArguments } from "./project";
import { readStackConfig } from "./stack-config";

describe("project and stack config", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "engine-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function read(project: string, stack?: string, overrides?: Record<string, string>) {
    writeFileSync(join(folder, "Pulumi.yaml"), `name: demo\nruntime: nodejs\n${project}`);
    if (stack !== undefined) writeFileSync(join(folder, "Pulumi.dev.yaml"), stack);
    return readStackConfig(readProject(folder), "dev", overrides);
  }

  it("takes project values, then the stack's, then overrides", () => {
    const project = "config:\n  a: 1\n  b: {type: integer, default: 2}\n  aws:region: {value: eu-west-1}\n";
    const { values } = read(project, "config:\n  demo:b: 3\n", { a: "4" });
    assert.deepEqual(values, { "demo:a": "4", "demo:b": "3", "aws:region": "eu-west-1" });
  });

  it("hands structured values over as JSON and encrypted ones as a placeholder", () => {
    const stack = "config:\n  demo:list: [1, {key: {secure: AAA}}]\n  demo:token: {secure: BBB}\n  demo:flag: true\n";
    const { values, secretKeys } = read("", stack);
    assert.deepEqual(values, { "demo:list": '[1,{"key":"[secret]"}]', "demo:token": "[secret]", "demo:flag": "true" });
    assert.deepEqual(secretKeys, ["demo:list", "demo:token"]);
  });

  it("reads every scalar as the CLI does, and a key without a namespace as the project's", () => {
    const dialect = join(__dirname, "fixtures", "config-dialect");
    const known: unknown = JSON.parse(readFileSync(join(dialect, "config.json"), "utf8"));
    assert.deepEqual(readStackConfig(readProject(dialect), "test").values, known);
  });

  const refused: [string, string, string | undefined, RegExp][] = [
    ["malformed YAML", "", "config:\n  demo:a: [1\n", /Pulumi\.dev\.yaml:3:1: malformed YAML/],
    ["a number that JSON does not have", "", "config:\n  a: .inf\n", /Pulumi\.dev\.yaml: config\.a: Infinity is not/],
    [
      "a wrong type",
      "config:\n  n: {type: integer}\n",
      "config:\n  demo:n: x\n",
      /"x" is not allowed; allowed: a value of type integer/,
    ],
    ["a missing value", "config:\n  n: {type: integer}\n", undefined, /config\.demo:n: a value is needed/],
    ["an unknown runtime", "", undefined, /runtime/],
    ["a main that is not there", "main: nowhere.ts\n", undefined, /Pulumi\.yaml: main: there is no nowhere\.ts/],
    ["a main outside the project", "main: ../x.ts\n", undefined, /a path inside the project/],
  ];
  for (const [what, project, stack, message] of refused) {
    it(`refuses ${what}`, () => {
      const runtime = what === "an unknown runtime" ? "runtime: python\n" : "";
      assert.throws(() => {
        if (runtime === "") read(project, stack);
        else {
          writeFileSync(join(folder, "Pulumi.yaml"), `name: demo\n${runtime}`);
          readProject(folder);
        }
      }, message);
    });
  }

  it("says where a project is missing", () => assert.throws(() => readProject(folder), /there is no such file/));

  it("splits node arguments as a shell does", () =>
    assert.deepEqual(splitArguments(`--import tsx --title="a b" 'c d' e\\ f`), [
      "--import",
      "tsx",
      "--title=a b",
      "c d",
      "e f",
    ]));
});
