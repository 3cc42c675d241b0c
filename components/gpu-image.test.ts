import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parse } from "yaml";
import { drainSeconds, nodePaths } from "../contracts/node";
import { ports } from "../contracts/ports";
import { documentParameters, imageVersions } from "./gpu-image";
import { componentDocuments, imageFiles } from "./gpu-image-files";
import { checksumList, contentVersion, sha256 } from "./gpu-image-versions";
import { drainTimeoutSeconds } from "./gpu-lifecycle";

const files = join(__dirname, "..", "images", "gpu-node", "files");
const unit = (name: string) => readFileSync(join(files, "systemd", name), "utf8");
const setting = (name: string, key: string) => new RegExp(`^${key}=(.*)$`, "m").exec(unit(name))?.[1];
const longRunning = ["gpu-metrics.service", "inference-host.service", "vllm.service"];

describe("versions of the GPU image", () => {
  it("are the same for the same content and others for another", () => {
    assert.equal(contentVersion(1, "a", "b"), contentVersion(1, "a", "b"));
    assert.notEqual(contentVersion(1, "a", "b"), contentVersion(1, "ab"));
    assert.notEqual(contentVersion(1, "a"), contentVersion(2, "a"));
  });

  it("are three numbers that Image Builder takes", () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 1_000_000 }), (text, revision) => {
        const [first, ...rest] = contentVersion(revision, text).split(".").map(Number);
        assert.equal(first, revision);
        assert.ok(rest.length === 2 && rest.every((part) => Number.isInteger(part) && part >= 0 && part < 2 ** 30));
      }),
    );
  });
});

describe("files of the GPU image", () => {
  it("are listed with their checksums, agents, units and each tier's engine among them", () => {
    const payload = imageFiles();
    const paths = payload.map(({ path }) => path);
    for (const path of [
      "agents/gpu-metrics.cjs",
      "agents/inference-host.cjs",
      "bin/run-vllm",
      "systemd/vllm.service",
      "vllm-requirements.lock",
    ]) {
      assert.ok(paths.includes(path), path);
    }
    assert.equal(paths.filter((path) => path.startsWith("tiers/")).length, 2);
    const sums = payload.find(({ path }) => path === "SHA256SUMS");
    assert.ok(sums && "text" in sums && sums.text === checksumList(payload.filter((file) => file !== sums)));
    for (const file of payload) {
      const content = "file" in file ? readFileSync(file.file) : file.text;
      assert.equal(file.sha256, sha256(content), file.path);
    }
  });

  it("are installed by documents whose parameters the recipe gives, no more and no less", () => {
    for (const { name, text } of componentDocuments()) {
      const document = parse(text) as { parameters?: Record<string, unknown>[] };
      const declared = (document.parameters ?? []).flatMap((parameter) => Object.keys(parameter));
      const used = [...text.matchAll(/\{\{ (\w+) \}\}/g)].map((match) => match[1]!);
      assert.deepEqual(declared.sort(), [...(documentParameters[name] ?? [])].sort(), name);
      assert.deepEqual([...new Set(used)].sort(), declared, name);
    }
  });
});

describe("units of the GPU image", () => {
  it("check themselves with the llama.cpp that the tests run", () => {
    const { dependencies } = JSON.parse(readFileSync(join(__dirname, "../package.json"), "utf8")) as {
      dependencies: Readonly<Record<string, string>>;
    };
    assert.equal(imageVersions.llama, dependencies["node-llama-cpp"]);
  });

  it("read the file that user data writes, and start nothing without it", () => {
    for (const name of [...longRunning, "game-ai-weights.service"]) {
      assert.equal(setting(name, "EnvironmentFile"), nodePaths.environment, name);
      assert.equal(setting(name, "ConditionPathExists"), nodePaths.environment, name);
    }
  });

  it("are brought back always, bound in memory and without rights they do not need", () => {
    for (const name of longRunning) {
      assert.equal(setting(name, "Restart"), "always", name);
      assert.equal(setting(name, "User"), "game-ai", name);
      assert.equal(setting(name, "NoNewPrivileges"), "yes", name);
      assert.equal(setting(name, "ProtectSystem"), "strict", name);
      assert.ok(setting(name, "MemoryMax"), name);
    }
  });

  it("run each agent from its bundle, watched by systemd", () => {
    for (const agent of ["gpu-metrics", "inference-host"]) {
      const name = `${agent}.service`;
      const [node, ...words] = setting(name, "ExecStart")!.split(" ");
      assert.deepEqual([node, words.at(-1)], ["/usr/local/bin/node", `${nodePaths.programs}/${agent}.cjs`]);
      assert.deepEqual([setting(name, "Type"), setting(name, "NotifyAccess")], ["notify", "all"]);
      assert.ok(Number(setting(name, "WatchdogSec")) > 0);
    }
  });

  it("let a drain end before they are killed, and the hook outlasts them", () => {
    for (const name of ["inference-host.service", "vllm.service"]) {
      const stop = Number(setting(name, "TimeoutStopSec"));
      assert.ok(stop > drainSeconds && stop < drainTimeoutSeconds, `${name}: ${stop}`);
    }
  });

  it("stop the host before the engine, and let the metrics outlive both", () => {
    assert.match(setting("inference-host.service", "After") ?? "", /\bvllm\.service\b/);
    assert.doesNotMatch(unit("gpu-metrics.service"), /^(BindsTo|Requires|PartOf)=/m);
  });

  it("are all wanted by the target that user data enables", () => {
    const wanted = [...unit("game-ai-node.target").matchAll(/^Wants=(.*)$/gm)].flatMap((match) => match[1]!.split(" "));
    const services = readdirSync(join(files, "systemd")).filter((name) => name.endsWith(".service"));
    assert.deepEqual(wanted.sort(), services.sort());
  });

  it("ask the engine on the port that the host expects it on", () => {
    assert.match(
      readFileSync(join(files, "bin", "warm-engine"), "utf8"),
      new RegExp(`127\\.0\\.0\\.1:${ports.vllm}/health`),
    );
  });

  it("write logs that are all shipped", () => {
    const { logs } = JSON.parse(readFileSync(join(files, "logs", "amazon-cloudwatch-agent.json"), "utf8"));
    const shipped = (logs.logs_collected.files.collect_list as { file_path: string }[]).map((entry) => entry.file_path);
    for (const name of readdirSync(join(files, "systemd"))) {
      const written = setting(name, "StandardOutput")?.replace("append:", "");
      assert.ok(written === undefined || shipped.includes(written), `${name}: ${written}`);
    }
  });
});
