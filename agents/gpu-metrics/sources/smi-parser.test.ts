import assert from "node:assert/strict";
import fc from "fast-check";
import type { GpuValues } from "../gpu/reading";
import { type SmiLine, SmiParser } from "./smi-parser";

const header =
  "index, uuid, utilization.gpu [%], memory.total [MiB], memory.used [MiB], temperature.gpu, power.draw [W], clocks_event_reasons.active, gpu_recovery_action";
const row = "0, GPU-4e0c1b4a-0000, 9 %, 23028 MiB, 18506 MiB, 51, 110.23 W, 0x0000000000000004, None";
const truth: GpuValues = {
  utilization: 9,
  fbTotalMiB: 23028,
  fbUsedMiB: 18506,
  temperatureC: 51,
  powerW: 110.23,
  throttleReasons: 4,
};

function parserFor(text = header): SmiParser {
  const parser = new SmiParser();
  assert.equal(parser.parse(text).type, "header");
  return parser;
}

function valuesOf(line: SmiLine): GpuValues {
  assert.equal(line.type, "row", JSON.stringify(line));
  return line.type === "row" ? line.reading.values : {};
}

describe("nvidia-smi parser", () => {
  it("reads numbers with their units and masks in hexadecimal", () => {
    const line = parserFor().parse(row);
    assert.deepEqual(valuesOf(line), truth);
    assert.ok(
      line.type === "row" && line.reading.uuid === "GPU-4e0c1b4a-0000" && line.reading.recoveryAction === "None",
    );
  });

  it("reads the form without units", () => {
    const line = parserFor().parse("1, GPU-1, 9, 23028, 18506, 51, 110.23, 0x0000000000000004, None");
    assert.deepEqual(valuesOf(line), truth);
  });

  for (const missing of ["[N/A]", "[Not Supported]", "[Unknown Error]", "[GPU requires reset]", "N/A"]) {
    it(`takes ${missing} for no value`, () => {
      const values = valuesOf(parserFor().parse(row.replace("9 %", missing).replace("110.23 W", missing)));
      assert.deepEqual([values.utilization, values.powerW, values.fbUsedMiB], [undefined, undefined, 18506]);
    });
  }

  it("keeps an idle GPU's zero", () => {
    assert.equal(valuesOf(parserFor().parse(row.replace("9 %", "0 %"))).utilization, 0);
  });

  it("goes by the header, whatever its order and the driver's names", () => {
    const parser = parserFor("clocks_throttle_reasons.active, index, power.draw.instant [W]");
    const line = parser.parse("0x0000000000000048, 2, 70.10 W");
    assert.deepEqual(valuesOf(line), { throttleReasons: 0x48, powerW: 70.1 });
  });

  it("names the property that the driver refuses", () => {
    const line = new SmiParser().parse('Field "gpu_recovery_action" is not a valid field to query.');
    assert.deepEqual(line, { type: "unknown-property", name: "gpu_recovery_action" });
  });

  it("recognises a GPU that is gone", () => {
    for (const text of [
      "Unable to determine the device handle for GPU0000:00:1E.0: Unknown Error",
      "Unable to determine the device handle for GPU 0000:01:00.0: GPU is lost.  Reboot the system to recover this GPU",
    ]) {
      assert.equal(parserFor().parse(text).type, "gpu-lost");
    }
  });

  it("rejects a value in another unit and a row with a cell too many", () => {
    assert.equal(parserFor().parse(row.replace("18506 MiB", "18 GiB")).type, "unreadable");
    assert.equal(parserFor().parse(`${row}, 7`).type, "unreadable");
    assert.equal(new SmiParser().parse(row).type, "unreadable");
  });

  it("never makes a wrong number of a row that was cut, joined or spoiled", () => {
    const place = fc.nat(row.length);
    const damaged = fc.oneof(
      place.map((at) => row.slice(at)),
      place.filter((at) => at < row.length - "None".length).map((at) => row.slice(0, at)),
      place.map((at) => row.slice(0, at) + row),
      fc
        .tuple(place, fc.constantFrom("x", "%%", ",", ", ", "\u0000"))
        .map(([at, text]) => row.slice(0, at) + text + row.slice(at)),
    );
    fc.assert(
      fc.property(damaged, (text) => {
        const line = parserFor().parse(text);
        if (line.type !== "row") return;
        for (const [key, value] of Object.entries(line.reading.values)) {
          assert.equal(value, truth[key as keyof GpuValues], `${key}: ${text}`);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
