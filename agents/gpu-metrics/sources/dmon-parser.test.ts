import assert from "node:assert/strict";
import fc from "fast-check";
import { type DmonVersion, dmonHeader, dmonRow, dmonVersions } from "../doubles/dmon-text";
import { type GpuField, gpuFields } from "../gpu/fields";
import type { GpuValues } from "../gpu/reading";
import { type DmonLine, DmonParser } from "./dmon-parser";

const basic = gpuFields.filter(({ profiling }) => profiling !== true);
const usual: Readonly<Record<string, string>> = {
  ...{ GPUTL: "75", MCUTL: "42", FBTTL: "23028", FBFRE: "4087", FBUSD: "18506", FBRSV: "435", TMPTR: "68" },
  ...{ POWER: "185.300", SMCLK: "1710", MMCLK: "6251", DVCCTR: "4", XIDER: "0", ESVTL: "0", EDVTL: "0" },
  ...{ URMPS: "0", CRMPS: "0", RRF: "0", RRP: "0", GRACT: "0.510", SMACT: "0.330", TENSO: "0.120", DRAMA: "0.250" },
};
const cellsOf = (fields: readonly GpuField[], other: Record<string, string | undefined> = {}): (string | undefined)[] =>
  fields.map(({ shortName }) => (shortName in other ? other[shortName] : usual[shortName]));

function parserFor(version: DmonVersion, fields: readonly GpuField[] = gpuFields): DmonParser {
  const parser = new DmonParser(fields);
  assert.equal(parser.parse(dmonHeader(version, fields)).type, "header");
  return parser;
}

function valuesOf(line: DmonLine): GpuValues {
  assert.equal(line.type, "row", JSON.stringify(line));
  return line.type === "row" ? line.reading.values : {};
}

describe("dcgmi dmon parser", () => {
  for (const version of dmonVersions) {
    describe(`layout of DCGM ${version}`, () => {
      it("reads every field under its title", () => {
        const line = parserFor(version).parse(dmonRow(version, gpuFields, "GPU 3", cellsOf(gpuFields)));
        const values = valuesOf(line);
        assert.equal(line.type === "row" && line.reading.index, 3);
        for (const { shortName, key } of gpuFields) assert.equal(values[key], Number(usual[shortName]), shortName);
      });

      it("leaves N/A, cut values, INF and sentinels out", () => {
        const row = dmonRow(
          version,
          gpuFields,
          "GPU 0",
          cellsOf(gpuFields, { GPUTL: "N/A", DVCCTR: "12345...", POWER: "INF", FBUSD: "2147483632" }),
        );
        const values = valuesOf(parserFor(version).parse(row));
        for (const key of ["utilization", "throttleReasons", "powerW", "fbUsedMiB"] as const) {
          assert.equal(values[key], undefined, key);
        }
        assert.equal(values.temperatureC, 68);
      });

      it("drops a value that cannot be true and names it", () => {
        const row = dmonRow(version, basic, "GPU 0", cellsOf(basic, { GPUTL: "101", TMPTR: "999" }));
        const line = parserFor(version, basic).parse(row);
        assert.deepEqual(line.type === "row" && line.dropped, ["GPUTL", "TMPTR"]);
        assert.equal(valuesOf(line).utilization, undefined);
      });

      it("never makes a wrong number of a damaged row", () => {
        const row = dmonRow(version, basic, "GPU 1", cellsOf(basic));
        fc.assert(
          fc.property(damage(row), (damaged) => {
            const line = parserFor(version, basic).parse(damaged);
            if (line.type !== "row") return;
            // A digit more in the number of the GPU makes a whole row of another one, where rows have no fixed length.
            if (damaged === dmonRow(version, basic, `GPU ${line.reading.index}`, cellsOf(basic))) return;
            assert.equal(line.reading.index, 1, damaged);
            for (const { shortName, key } of basic) {
              const value = line.reading.values[key];
              assert.ok(value === undefined || value === Number(usual[shortName]), `${shortName} ${value}: ${damaged}`);
            }
          }),
          { numRuns: 1000 },
        );
      });

      it("never makes a wrong number of a whole row under a damaged header", () => {
        const row = dmonRow(version, basic, "GPU 1", cellsOf(basic));
        fc.assert(
          fc.property(damage(dmonHeader(version, basic)), (damaged) => {
            const parser = new DmonParser(basic);
            parser.parse(damaged);
            const line = parser.parse(row);
            if (line.type !== "row") return;
            for (const { shortName, key } of basic) {
              const value = line.reading.values[key];
              assert.ok(value === undefined || value === Number(usual[shortName]), `${shortName} ${value}: ${damaged}`);
            }
          }),
          { numRuns: 1000 },
        );
      });
    });
  }

  it("rejects a row of 3.3 whose absent cell moved the others to the left", () => {
    const row = dmonRow("3.3", basic, "GPU 0", cellsOf(basic, { MCUTL: undefined }));
    assert.deepEqual(parserFor("3.3", basic).parse(row), { type: "unreadable", reason: "cell-count" });
  });

  it("reads a row of 4.5 around its blank cells", () => {
    const row = dmonRow("4.5", basic, "GPU 0", cellsOf(basic, { MCUTL: undefined, RRP: undefined }));
    const values = valuesOf(parserFor("4.5", basic).parse(row));
    assert.deepEqual([values.utilization, values.memoryCopyUtilization, values.fbTotalMiB], [75, undefined, 23028]);
  });

  it("reads nothing before a header, and follows a header that changes", () => {
    const two = gpuFields.slice(0, 2);
    const parser = new DmonParser(two);
    const row = dmonRow("4.0", two, "GPU 0", ["10", "20"]);
    assert.deepEqual(parser.parse(row), { type: "unreadable", reason: "no-header" });
    parser.parse(dmonHeader("4.0", [...two].reverse()));
    assert.deepEqual(valuesOf(parser.parse(row)), { memoryCopyUtilization: 10, utilization: 20 });
    parser.parse(dmonHeader("4.0", two));
    assert.deepEqual(valuesOf(parser.parse(row)), { utilization: 10, memoryCopyUtilization: 20 });
  });

  it("takes a column with a new title by its place, where all others stand at theirs", () => {
    const three = gpuFields.slice(0, 3);
    const parser = new DmonParser(three);
    parser.parse(dmonHeader("4.5", three).replace("MCUTL", "MCUTX"));
    const row = dmonRow("4.5", three, "GPU 0", ["10", "20", "23028"]);
    assert.deepEqual(valuesOf(parser.parse(row)), { utilization: 10, memoryCopyUtilization: 20, fbTotalMiB: 23028 });
  });

  it("tells MIG instances from GPUs, and passes over entities that no metric is made of", () => {
    const fields = gpuFields.slice(0, 2);
    const parser = parserFor("4.5", fields);
    const mig = parser.parse(dmonRow("4.5", fields, "GPU-I 29", ["N/A", "N/A"]));
    assert.ok(mig.type === "row" && mig.reading.kind === "gpu-instance" && mig.reading.index === 29);
    for (const entity of ["GPU 0 LINK 3", "SW 1 LINK 2", "GPU-CI 4", "Switch 2", "CPU 0", "vGPU 3"]) {
      assert.equal(parser.parse(dmonRow("4.5", fields, entity, ["1", "2"])).type, "other-entity", entity);
    }
  });

  it("knows dcgmi's own messages from rows", () => {
    const parser = parserFor("4.5");
    const watches = parser.parse(
      "Error setting watches. Result: -29: ... requires the host engine to be running as root.",
    );
    assert.ok(watches.type === "error" && watches.reason === "fields");
    const nothing = parser.parse("No data returned from the hostengine.");
    assert.ok(nothing.type === "error" && nothing.reason === "no-data");
    for (const text of ["dmon was stopped due to receiving a signal.", "dmon was stopped do to receiving a signal"]) {
      assert.equal(parser.parse(text).type, "stopped");
    }
    assert.equal(parser.parse("ID                 W       C").type, "header");
    assert.equal(parser.parse("").type, "blank");
    assert.equal(parser.parse("\u0000\u0001 42").type, "unreadable");
  });

  it("survives any text", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "binary", maxLength: 200 })), (lines) => {
        const parser = parserFor("4.5", basic);
        for (const line of lines) assert.notEqual(parser.parse(line).type, "row");
      }),
    );
  });
});

/** What pipes and broken programs do to a line: cut it, lose a part, put a part in, print a part twice, spoil a character. */
function damage(line: string): fc.Arbitrary<string> {
  const place = fc.nat(line.length);
  const noise = fc.string({ unit: fc.constantFrom(..." 0123456789.-xN/A#GPU"), minLength: 1, maxLength: 12 });
  const lose = (from: number, count: number): string => line.slice(0, from) + line.slice(from + count);
  return fc.oneof(
    place.map((at) => line.slice(0, at)),
    place.map((at) => line.slice(at)),
    fc.tuple(place, fc.integer({ min: 1, max: 40 })).map(([at, count]) => lose(at, count)),
    fc.tuple(place, noise).map(([at, text]) => line.slice(0, at) + text + line.slice(at)),
    fc.tuple(place, place).map(([from, to]) => line.slice(0, Math.max(from, to)) + line.slice(Math.min(from, to))),
    fc
      .tuple(place, fc.constantFrom("x", "%", "\u0000", "~"))
      .map(([at, text]) => lose(at, 1).slice(0, at) + text + line.slice(at + 1)),
    place.map((at) => line.slice(0, at) + line),
  );
}
