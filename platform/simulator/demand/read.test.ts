import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { defaultWorkload } from "../../../catalog/workload";
import { InputError } from "../../../contracts/input-error";
import { rateAt } from "./demand";
import { readDemand } from "./read";

describe("demand files", () => {
  let folder: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "demand-"));
  });
  after(() => {
    rmSync(folder, { recursive: true });
  });
  const read = (text: string, options = {}) => {
    const file = join(folder, "trace.csv");
    writeFileSync(file, text);
    return readDemand(file, options);
  };
  /** The one line that a person gets. */
  const complaint = async (text: string): Promise<string> => {
    const error = await read(text).then(
      () => assert.fail("was accepted"),
      (reason: unknown) => reason,
    );
    assert.ok(InputError.isInstance(error), String(error));
    assert.ok(!error.message.includes("\n"));
    return error.message;
  };

  it("turns players into requests of both tiers", async () => {
    const demand = await read("time,players\n0,600\n300,1200\n600,1200\n");
    assert.equal(demand.durationSeconds, 900);
    assert.equal(rateAt(demand.tiers.gold, 0), (600 * defaultWorkload.gold.requestsPerPlayerMinute) / 60);
    assert.equal(rateAt(demand.tiers.silver, 350), (1200 * defaultWorkload.silver.requestsPerPlayerMinute) / 60);
    assert.equal(demand.tiers.gold.exact, false);
  });

  it("replays counted requests as they are, from the date that they bear", async () => {
    const demand = await read("time,requests\n2026-03-01T10:00:00Z,460\n2026-03-01T10:00:10Z,0\n", { scale: 2 });
    assert.equal(demand.start.toISOString(), "2026-03-01T10:00:00.000Z");
    assert.equal(demand.tiers.gold.exact, true);
    const both = rateAt(demand.tiers.gold, 0) + rateAt(demand.tiers.silver, 0);
    assert.ok(Math.abs(both - 92) < 1e-9);
  });

  it("reads the public Azure, ServeGen and Mooncake formats, tokens included", async () => {
    const azure =
      "TIMESTAMP,ContextTokens,GeneratedTokens\n2023-11-16 18:15:46.6805900,374,44\n2023-11-16 18:15:50.9951690,396,109\n";
    const servegen = "request_id,timestamp,input_tokens,output_tokens\n0,0.5,374,44\n1,4.8,396,109\n";
    const mooncake =
      '{"timestamp": 0, "input_length": 374, "output_length": 44, "hash_ids": [0]}\n{"timestamp": 4300, "input_length": 396, "output_length": 109, "hash_ids": [1]}\n';
    for (const text of [azure, servegen, mooncake]) {
      const demand = await read(text);
      assert.deepEqual(demand.tiers.gold.tokens, { input: 385, output: 76.5 });
      const total = [demand.tiers.gold, demand.tiers.silver].reduce((sum, { rate }) => sum + rate[0]! * 10, 0);
      assert.ok(Math.abs(total - 2) < 1e-9);
    }
  });

  it("reads ServeGen's client windows as rates, not as records", async () => {
    const demand = await read("0,2.5,1.1,Gamma,0.8,0.5\n600,5,1.2,Weibull,0.7,0.2\n1200,,,,,\n");
    assert.equal(demand.durationSeconds, 1800);
    assert.equal(demand.tiers.gold.exact, false);
    assert.ok(Math.abs(rateAt(demand.tiers.gold, 700) + rateAt(demand.tiers.silver, 700) - 5) < 1e-9);
    assert.equal(rateAt(demand.tiers.gold, 1300), 0);
  });

  it("says in one line what is wrong with a trace and where", async () => {
    assert.match(
      await complaint("time,players\n0,1\n60,2\n180,3\n"),
      /demand line 4: "120 s after the line before".*fill the gap/,
    );
    assert.match(await complaint("time,players\n60,1\n0,2\n"), /demand line 3: "0".*times in order/);
    assert.match(await complaint("time,players\n0,-4\n"), /demand line 2: "-4".*at least 0 in column players/);
    assert.match(await complaint("time,players\n0,\n"), /demand line 2: "".*at least 0 in column players/);
    assert.match(await complaint("when,who\n0,1\n"), /demand line 1: "when,who".*one of these columns: time,players/);
    assert.match(await complaint("time,players\nyesterday,1\n"), /seconds or a date and time in column time/);
    assert.match(await complaint("time,players\n0,1\n"), /"1 lines".*two lines or more/);
    assert.match(await complaint(""), /an empty file/);
    assert.match(
      await complaint('{"timestamp": 5, "input_length": -1, "output_length": 4}\n'),
      /line 1: -1.*input_length/,
    );
    assert.match(
      await complaint('{"timestamp": 0, "input_length": 1, "output_length": 4}\nnonsense\n'),
      /line 2: "nonsense".*JSON object/,
    );
    const far = "request_id,timestamp,input_tokens,output_tokens\n0,0,1,1\n1,9000,1,1\n";
    assert.match(await complaint(far), /line 3: "9000 s without a request".*cut the trace/);
    const back = "request_id,timestamp,input_tokens,output_tokens\n0,50,1,1\n1,20,1,1\n";
    assert.match(await complaint(back), /line 3: 20.*times in order/);
    assert.match(await complaint("0,2.5,1.1,Gamma,0.8,0.5\n1800,5,1.2,Gamma,0.7,0.2\n"), /a window each 600 s/);
  });

  it("names the presets when neither a file nor a preset is meant", async () => {
    await assert.rejects(readDemand("dayly"), /demand: "dayly".*preset: daily, launch, reconnect, bursts/);
  });
});
