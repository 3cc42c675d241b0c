import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { gpuMemoryMiB } from "../../catalog/gpu-memory";
import { freePort } from "../../runtime/free-port";
import { answerText, chat, startProgram, tsxWords, until } from "./testing/harness";
import { writePeftAdapters } from "./testing/peft-fixture";
import { ensureToy } from "./toy/ensure-toy";

/** The program as it ships: one file, away from node_modules. */
describe("inference-host, bundled", () => {
  let folder: string;
  let program: string;

  before(() => {
    folder = mkdtempSync(join(tmpdir(), "inference-host-bundle-"));
    program = join(folder, "inference-host.cjs");
    buildSync({
      entryPoints: [join(__dirname, "main.ts")],
      outfile: program,
      bundle: true,
      platform: "node",
      target: "node20",
      format: "cjs",
      external: ["node-llama-cpp"],
      logLevel: "error",
    });
  });

  after(() => rmSync(folder, { recursive: true, force: true }));

  const run = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args], {
      cwd: folder,
      encoding: "utf8",
      env: { PATH: process.env.PATH, LOG_LEVEL: "silent" },
    });
    return { status, stdout, stderr };
  };

  it("prints the vLLM command that matches its options, with slots from the arithmetic", async () => {
    const adapters = join(folder, "adapters");
    await writePeftAdapters(
      adapters,
      "Qwen2.5-7B-Instruct",
      Array.from({ length: 35 }, (_, index) => ({ name: `adapter-${index}`, rank: 32 })),
    );
    const { status, stdout, stderr } = run(
      "vllm-command",
      "--model=/models/Qwen2.5-7B-Instruct",
      `--adapters=${adapters}`,
      `--gpu-memory-mib=${gpuMemoryMiB.A10G}`,
      "--gpu-memory-utilization=0.85",
      "--context-tokens=4096",
    );
    assert.equal(status, 0, stderr);
    assert.deepEqual(JSON.parse(stdout), {
      args: [
        "serve",
        "/models/Qwen2.5-7B-Instruct",
        "--host=127.0.0.1",
        "--port=8100",
        "--served-model-name=Qwen2.5-7B-Instruct",
        "--max-model-len=4096",
        "--gpu-memory-utilization=0.85",
        "--max-num-seqs=64",
        "--enable-prefix-caching",
        "--shutdown-timeout=90",
        "--disable-access-log-for-endpoints=/health,/metrics",
        "--enable-auto-tool-choice",
        "--tool-call-parser=hermes",
        "--tool-strict-level=parameter",
        "--enable-lora",
        "--max-loras=15",
        "--max-cpu-loras=43",
        "--max-lora-rank=32",
      ],
      env: { VLLM_ALLOW_RUNTIME_LORA_UPDATING: "True", VLLM_NO_USAGE_STATS: "1" },
    });
  });

  it("ends wrong use with one line and exit code 2", () => {
    const cases: readonly [string[], RegExp][] = [
      [["--engine=tpu"], /engine: "tpu" is not allowed/],
      [["--queue-seconds=none"], /queueSeconds: "none".*--queue-seconds/],
      [["--model=/no/such.gguf"], /model: "\/no\/such\.gguf" is not allowed; allowed: the path of a GGUF file/],
      [["--model=package.json"], /model: "package\.json" is not allowed; allowed: the path of a GGUF file/],
      [["--queue-seconds="], /queueSeconds: "" is not allowed/],
      [["--vllm-url=ftp://localhost"], /vllmUrl: "ftp:\/\/localhost" is not allowed; allowed: an address such as/],
      [["--host=192.0.2.1", "--port=0"], /host: "192\.0\.2\.1" is not allowed; allowed: an address of this machine/],
      [["--engine=vllm"], /model: nothing is not allowed/],
      [["--engine=vllm", "--base-model=m", "--adapters=/nowhere"], /adapters: "\/nowhere"/],
      [["--chains=/nowhere.json", "--engine=vllm", "--base-model=m"], /chains: "\/nowhere\.json"/],
      [
        ["vllm-command", "--model=Llama-3.1-8B-Instruct", "--gpu-memory-mib=15360"],
        /does not fit: weights and engine need/,
      ],
    ];
    for (const [args, expected] of cases) {
      const { status, stderr } = run(...args);
      assert.equal(status, 2, stderr);
      assert.match(stderr, expected);
      assert.doesNotMatch(stderr, /\n\s+at /);
    }
  });

  it("says what is missing when the embedded engine is asked for without its package", () => {
    const { status, stderr } = run("--port=0", "--operator-port=0");
    assert.equal(status, 1);
    assert.match(
      stderr,
      /needs the package node-llama-cpp beside this program \(npm install node-llama-cpp@3\.21\.1\)/,
    );
    assert.doesNotMatch(stderr, /\n\s+at /);
  });

  it("shows every option in --help", () => {
    const { status, stdout } = run("--help");
    assert.equal(status, 0);
    assert.match(stdout, /--queue-seconds <value>\s+seconds that a request may wait \(default 30\)/);
  });

  /** The bundled program with an engine of its own, the vLLM double. */
  async function startWithEngine() {
    const adapters = join(folder, "served");
    await writePeftAdapters(adapters, "base-model", [{ name: "vampire/personality" }]);
    const [port, operatorPort, enginePort] = await Promise.all([freePort(), freePort(), freePort()]);
    const exec = [...tsxWords, join(__dirname, "doubles", "vllm-double.ts")].join(" ");
    const child = spawn(
      process.execPath,
      [
        program,
        "--engine=vllm",
        "--base-model=base-model",
        `--adapters=${adapters}`,
        `--port=${port}`,
        `--operator-port=${operatorPort}`,
        `--vllm-url=http://127.0.0.1:${enginePort}`,
        `--vllm-exec=${exec}`,
      ],
      { cwd: folder, env: { PATH: process.env.PATH, LOG_LEVEL: "silent" }, stdio: ["ignore", "inherit", "inherit"] },
    );
    const exited = once(child, "exit");
    const answers = (address: string) =>
      fetch(address).then(
        ({ ok }) => ok,
        () => false,
      );
    const url = `http://127.0.0.1:${port}`;
    await until(() => answers(`${url}/ready`));
    const engineUrl = `http://127.0.0.1:${enginePort}/double/state`;
    return { child, exited, url, engineAnswers: () => answers(engineUrl) };
  }

  it("serves an engine of its own, here the vLLM double, and ends by SIGTERM with code 0", async () => {
    const { child, exited, url } = await startWithEngine();
    try {
      const text = await answerText(await chat(url, "vampire/personality", { max_tokens: 2 }));
      assert.match(text, /^\[double:vampire\/personality@1\]/);
      child.kill("SIGTERM");
      assert.deepEqual(await exited, [0, null]);
    } finally {
      // By SIGTERM, so that the host ends its engine too; a no-op where it has ended.
      child.kill("SIGTERM");
      await exited;
    }
  });

  it("ends at once by a second SIGTERM, with code 1, and leaves no engine behind", async () => {
    const { child, exited, url, engineAnswers } = await startWithEngine();
    const stream = await chat(url, "base-model", { stream: true, max_tokens: 1_000 });
    const cut = assert.rejects(stream.text());
    assert.equal(await engineAnswers(), true);
    child.kill("SIGTERM");
    await until(async () => (await chat(url, "base-model")).status === 503);
    child.kill("SIGTERM");
    assert.deepEqual(await exited, [1, null]);
    await cut;
    await until(async () => !(await engineAnswers()));
  });

  it("ends by SIGTERM with code 0 while its model is still loading", async () => {
    const child = startProgram(join(__dirname, "main.ts"), ["--port=0", "--operator-port=0", "--threads=1"], {
      LOG_LEVEL: "info",
    });
    const exited = once(child, "exit");
    try {
      // At once: on a busy machine all adapters may be there before anybody has looked again.
      const look = (chunk: Buffer) => {
        if (!chunk.includes("adapter loaded")) return;
        child.stderr!.off("data", look).resume();
        child.kill("SIGTERM");
      };
      child.stderr!.on("data", look);
      assert.deepEqual(await exited, [0, null]);
    } finally {
      child.kill("SIGTERM");
      await exited;
    }
  });

  it("ends by SIGTERM with code 0 while its files are still made", async () => {
    const cwd = mkdtempSync(join(folder, "early-"));
    const child = spawn(
      process.execPath,
      [...tsxWords.slice(1), join(__dirname, "main.ts"), "--port=0", "--operator-port=0"],
      {
        cwd,
        stdio: "ignore",
      },
    );
    const exited = once(child, "exit");
    await until(() => existsSync(join(cwd, ".platform", "toy")));
    child.kill("SIGTERM");
    assert.deepEqual(await exited, [0, null]);
  });

  it("fetches what a bucket's manifest lists, and refuses a file that is not as listed", async () => {
    const { adapters } = await ensureToy();
    const bucket = await openBucketDouble(adapters);
    const to = join(folder, "fetched");
    const manifest = JSON.parse(readFileSync(join(adapters, "manifest.json"), "utf8")) as {
      adapters: { files: { path: string }[] }[];
    };
    try {
      const whole = await fetchFrom(bucket.url, to);
      assert.deepEqual(whole, { code: 0, stdout: `35 files in ${to}, all as the manifest says\n`, stderr: "" });
      for (const { path } of manifest.adapters.flatMap(({ files }) => files))
        assert.ok(readFileSync(join(to, path)).equals(readFileSync(join(adapters, path))), path);
      const asked = bucket.asked.length;
      assert.equal((await fetchFrom(bucket.url, to)).code, 0);
      assert.deepEqual(new Set(bucket.asked.slice(asked)), new Set(["manifest.json"]), "what is there stays");
      const slim = join(folder, "weights-only");
      assert.equal((await fetchFrom(bucket.url, slim, "--weights-only")).stdout.split(" ")[0], "0");

      bucket.corrupt(manifest.adapters[3]!.files[0]!.path);
      const torn = join(folder, "torn");
      const failed = await fetchFrom(bucket.url, torn);
      assert.equal(failed.code, 1);
      assert.match(failed.stderr, /^inference-host: .*checksum.*\n$/);
      assert.equal(existsSync(join(torn, "manifest.json")), false, "a manifest stands only beside whole files");
      assert.equal(existsSync(join(torn, manifest.adapters[3]!.files[0]!.path)), false);
    } finally {
      bucket.close();
    }
  });

  /** Runs the bundled program beside this process, which serves the bucket meanwhile. */
  async function fetchFrom(endpoint: string, to: string, ...more: string[]) {
    const child = spawn(process.execPath, [program, "fetch", "s3://models/toy", `--to=${to}`, ...more], {
      cwd: folder,
      env: {
        PATH: process.env.PATH,
        AWS_ENDPOINT_URL_S3: endpoint,
        AWS_REGION: "eu-central-1",
        AWS_ACCESS_KEY_ID: "test",
        AWS_SECRET_ACCESS_KEY: "test",
        // The SDK tells Node 20 of its own end of support; that is no word of this program.
        NODE_NO_WARNINGS: "1",
      },
    });
    return outcomeOf(child);
  }
});

describe("inference-host --selfcheck", () => {
  it("answers two archetypes from the toy on llama.cpp and ends with code 0", async () => {
    const { code, stdout, stderr } = await outcomeOf(startProgram(join(__dirname, "main.ts"), ["--selfcheck"]));
    assert.equal(code, 0, stderr);
    const { ok, engine, model, answers } = JSON.parse(stdout.trim().split("\n").at(-1)!) as Record<string, unknown>;
    assert.deepEqual({ ok, engine, model }, { ok: true, engine: "llama.cpp", model: "toy" });
    assert.equal(new Set(answers as string[]).size, 2);
  });
});

async function outcomeOf(child: ChildProcess): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const said = { stdout: "", stderr: "" };
  child.stdout?.on("data", (data) => (said.stdout += data));
  child.stderr?.on("data", (data) => (said.stderr += data));
  const [code] = (await once(child, "close")) as [number | null];
  return { code, ...said };
}

/** A folder as the bucket `models` under the prefix `toy`: a double of S3's GetObject and of nothing else. */
async function openBucketDouble(root: string) {
  const asked: string[] = [];
  let corrupted: string | undefined;
  const server = createServer((request, response) => {
    const key = new URL(request.url ?? "/", "http://bucket").pathname.replace("/models/toy/", "");
    asked.push(key);
    readFile(join(root, key)).then(
      (data) => response.end(key === corrupted ? Buffer.from(data).fill(0, 0, 1) : data),
      () => response.writeHead(404).end("<Error><Code>NoSuchKey</Code><Message>no such key</Message></Error>"),
    );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked: asked as readonly string[],
    corrupt: (key: string) => {
      corrupted = key;
    },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}
