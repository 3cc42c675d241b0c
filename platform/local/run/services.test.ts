import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Evaluation, RecordedResource } from "../../engine";
import { Graph, Outputs } from "../graph/graph";
import type { DeclaredService } from "../graph/tasks";
import { AddressBook } from "../realise/addresses";
import type { Steps } from "../terminal/steps";
import { LocalServices, type ServicesOptions } from "./services";

describe("services of this machine", () => {
  const folder = mkdtempSync(join(tmpdir(), "services-"));
  let services: LocalServices;

  afterEach(() => services.stop());
  after(() => rmSync(folder, { recursive: true }));

  /** @param programs Code by service. */
  function localServices(
    declared: readonly DeclaredService[],
    programs: Readonly<Record<string, string>>,
    more: Partial<ServicesOptions> = {},
  ): LocalServices {
    return new LocalServices({
      services: declared,
      ports: new Map(),
      bundles: new Map(Object.entries(programs).map(([name, code]) => [name, bundle(folder, name, code)])),
      images: new Map(Object.keys(programs).map((name) => [name, {}])),
      sources: {
        outputs: new Outputs(new Graph({ resources: [] } as unknown as Evaluation)),
        secrets: new Map(),
        addresses: new AddressBook(),
        database: { kind: "own", dataDir: folder, port: 1, passwordOf: () => "" },
        awsEndpoint: "http://127.0.0.1:9",
        players: {},
        eventsEndpoint: "http://127.0.0.1:9",
      },
      onChange: () => undefined,
      prepare: () => Promise.resolve(),
      onRecovered: () => undefined,
      steps: stepsDouble(() => undefined),
      ...more,
    });
  }

  it("starts none after it was told to stop: what one failure ends stays ended", async () => {
    const prepared = gate();
    const ends: string[] = [];
    const both = gate();
    const programs = { broken: "console.error('no'); process.exit(2)", slow: "setInterval(() => undefined, 1000)" };
    services = localServices([{ ...service("broken"), before: [service("migrate").main] }, service("slow")], programs, {
      prepare: (name) => (name === "slow" ? prepared.opened : Promise.resolve()),
      steps: stepsDouble((end) => {
        if (ends.push(end) === 2) both.open();
      }),
    });
    await assert.rejects(services.start(), /^Error: broken migrate ended with code 2: no$/);
    await services.stop();
    prepared.open();
    await both.opened;
    assert.deepEqual(ends, ["broken failed", "slow failed"]);
    assert.deepEqual(
      services.states().map(({ name, pid }) => [name, pid]),
      [
        ["broken", undefined],
        ["slow", undefined],
      ],
    );
  });

  it("let a one-off command come to its end before they count as stopped, and begin no other", async () => {
    const [begun, ended] = [join(folder, "begun"), join(folder, "ended")];
    const touch = (file: string) => `require("node:fs").writeFileSync(${JSON.stringify(file)}, "")`;
    const code = `${touch(begun)}; process.on("SIGTERM", () => undefined); setTimeout(() => ${touch(ended)}, 200);`;
    services = localServices([{ ...service("slow"), before: [service("migrate").main] }], { slow: code });
    const started = services.start();
    started.catch(() => undefined);
    while (!existsSync(begun)) await delay(10);
    await services.stop();
    assert.ok(existsSync(ended));
    await assert.rejects(started, /^Error: slow is not started: everything stops$/);
    await assert.rejects(services.runOnce("slow", ["again"]), /slow again is not started/);
  });
});

function service(name: string): DeclaredService {
  const main = { name, environment: [], secrets: [], essential: true, portMappings: [], stopTimeout: 1 };
  return { name, resource: {} as RecordedResource, main, before: [], aliases: [], stub: false };
}

function bundle(folder: string, name: string, code: string) {
  const file = join(folder, `${name}.cjs`);
  writeFileSync(file, code);
  return { name, file, sources: [] };
}

/** Rows of a terminal, which tell how each ends. */
function stepsDouble(onEnd: (end: string) => void): Steps {
  return {
    begin: (_depth, _type, name) => ({ done: () => onEnd(`${name} done`), fail: () => onEnd(`${name} failed`) }),
    say: () => undefined,
    end: () => undefined,
  };
}

function gate(): { readonly opened: Promise<void>; open(): void } {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open };
}
