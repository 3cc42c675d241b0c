import assert from "node:assert/strict";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writePeftAdapters } from "../testing/peft-fixture";
import { ensureToy } from "../toy/ensure-toy";
import { type AdapterEntry, parseManifest } from "./manifest";
import { preflight } from "./preflight";
import { downloadAll, openStore, s3Store } from "./store";

const rules = { baseModel: "base-model", format: "safetensors", maxRank: 32 } as const;

describe("adapter files", () => {
  let folder: string;
  let entry: AdapterEntry;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "adapters-"));
    await writePeftAdapters(folder, "base-model", [{ name: "vampire/personality", rank: 8 }]);
    entry = (await (await openStore(folder, folder)).manifest()).adapters[0]!;
  });

  afterEach(() => rm(folder, { recursive: true, force: true }));

  it("pass preflight when they are what the manifest says", async () => {
    assert.equal(await preflight(entry, folder, rules), join(folder, "vampire/personality/1"));
  });

  it("fail preflight with the reason, each in its own way", async () => {
    const config = join(folder, entry.files[0]!.path);
    const weights = join(folder, entry.files[1]!.path);
    const whole = { config: await readFile(config), weights: await readFile(weights) };
    const fails = async (
      expected: RegExp,
      changed: Partial<AdapterEntry> = {},
      changedRules: Partial<typeof rules | { maxRank: number; baseModel: string }> = {},
    ) => {
      await assert.rejects(preflight({ ...entry, ...changed }, folder, { ...rules, ...changedRules }), expected);
      await writeFile(config, whole.config);
      await writeFile(weights, whole.weights);
    };
    await fails(/rank 8 is above the engine's 4/, {}, { maxRank: 4 });
    await fails(/was trained for base-model, this node serves other/, {}, { baseModel: "other" });
    await fails(/adapter_config.json has rank 8, the manifest says 16/, { rank: 16 });
    await fails(/target module v_proj is not in the manifest/, { targetModules: ["q_proj"] });
    await writeFile(weights, Buffer.concat([whole.weights, Buffer.alloc(1)]));
    await fails(/bytes, the manifest says/);
    await writeFile(weights, Buffer.concat([whole.weights.subarray(0, -1), Buffer.from([1])]));
    await fails(/has checksum/);
    await fails(/needs adapter_config.json and adapter_model.safetensors/, { files: [entry.files[0]!] });
    const pickle = {
      path: "vampire/personality/1/optimizer.bin",
      bytes: 3,
      sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    };
    await writeFile(join(folder, pickle.path), "abc");
    await fails(/is a pickle/, { files: [...entry.files, pickle] });
  });

  it("of the toy pass and fail by the GGUF's own metadata", async () => {
    const toy = await ensureToy();
    const manifest = parseManifest(await readFile(join(toy.adapters, "manifest.json"), "utf8"), "toy");
    const gguf = { baseModel: "toy", format: "gguf", maxRank: 32 } as const;
    assert.equal(
      await preflight(manifest.adapters[0]!, toy.adapters, gguf),
      join(toy.adapters, manifest.adapters[0]!.files[0]!.path),
    );
    await assert.rejects(
      preflight({ ...manifest.adapters[0]!, rank: 8 }, toy.adapters, gguf),
      /does not have the manifest's rank 8/,
    );
  });

  it("come from a bucket checked, are kept by checksum, and are never left half written", async () => {
    const gets: string[] = [];
    let corrupt = true;
    const bucket = {
      text: (key: string) => readFile(join(folder, key), "utf8"),
      download: async (key: string, file: string) => {
        gets.push(key);
        if (corrupt) await writeFile(file, "torn");
        else await copyFile(join(folder, key), file);
      },
    };
    const cache = join(folder, "cache");
    const store = s3Store(bucket, "s3://bucket/prefix", cache);
    const listed = (await store.manifest()).adapters[0]!;
    await assert.rejects(store.fetch(listed), /bytes, the manifest says/);
    corrupt = false;
    const fetched = await store.fetch(listed);
    await preflight(listed, fetched, rules);
    const before = gets.length;
    await store.fetch(listed);
    assert.equal(gets.length, before, "what is there and right is not fetched again");
    await downloadAll(bucket, listed.files, join(folder, "copy"));
    await preflight(listed, join(folder, "copy"), rules);
  });
});

describe("adapter manifest", () => {
  const valid = () => ({
    schema: 1,
    baseModel: "m",
    format: "safetensors",
    adapters: [
      {
        name: "vampire/personality",
        version: "1",
        rank: 8,
        targetModules: ["q_proj"],
        files: [{ path: "a/b.bin", bytes: 1, sha256: "0".repeat(64) }],
      },
    ],
  });

  it("names the property that is wrong and where it stands", () => {
    const cases: readonly [(manifest: ReturnType<typeof valid>) => void, RegExp][] = [
      [
        (manifest) => (manifest.adapters[0]!.files[0]!.path = "../secret"),
        /manifest\.adapters\.0\.files\.0\.path: "\.\.\/secret"/,
      ],
      [(manifest) => (manifest.adapters[0]!.files[0]!.path = "/etc/passwd"), /files\.0\.path/],
      [(manifest) => (manifest.adapters[0]!.files[0]!.path = "a/./b"), /files\.0\.path/],
      [(manifest) => (manifest.adapters[0]!.files[0]!.sha256 = "abc"), /64 hexadecimal digits/],
      [(manifest) => (manifest.adapters[0]!.name = "Vampire"), /adapters\.0\.name/],
      [(manifest) => (manifest.adapters[0]!.rank = 0), /adapters\.0\.rank: 0/],
      [(manifest) => (manifest.adapters[0]!.targetModules = ["lm_head"]), /targetModules\.0/],
      [(manifest) => manifest.adapters.push(manifest.adapters[0]!), /is there twice/],
      [(manifest) => Object.assign(manifest, { extra: 1 }), /extra/],
    ];
    for (const [break_, expected] of cases) {
      const manifest = valid();
      break_(manifest);
      assert.throws(() => parseManifest(JSON.stringify(manifest), "here.json"), expected);
    }
    assert.throws(() => parseManifest("{", "here.json"), /set in here\.json/);
    assert.equal(parseManifest(JSON.stringify(valid()), "here.json").adapters.length, 1);
  });
});
