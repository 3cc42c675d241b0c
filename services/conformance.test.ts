import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, relative, resolve } from "node:path";
import { InputError } from "../contracts/input-error";
import { problemUri } from "../contracts/problems";
import { allContracts } from "../contracts/services";
import { variableStem } from "../contracts/services/addresses";
import type { RouteContract } from "../contracts/services/define";
import { createLogger } from "../runtime/logger";
import { type Service, startService } from "../runtime/service";
import { openApiDocument } from "../runtime/service/openapi";
import { startTestService, type TestService } from "../runtime/service/testing/start";

/** Variables without which a service cannot start, beside those of whom it calls. */
const needed: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "ai-router": { GOLD_URL: "http://127.0.0.1:9" },
};
/** Services from before the kit, which still ask the process for time and chance. */
const ownClocks: readonly string[] = ["ai-router", "knowledge-base"];

const names = readdirSync(__dirname, { withFileTypes: true }).flatMap((entry) =>
  entry.isDirectory() ? [entry.name] : [],
);
const nobody = "http://127.0.0.1:9";

const sourcesOf = (name: string) =>
  readdirSync(join(__dirname, name), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => ({ file: join(name, file), text: readFileSync(join(__dirname, name, file), "utf8") }));
const isTest = ({ file }: { file: string }) => /\.(test|soak|suite)\.ts$|\/testing\//.test(file);

/** Texts that programs are sent and do not expect. */
const nasty = ["", "\u0000", "%00", "..", "'", "-1", "1e999", "🦄", "a".repeat(400), "null", "[]", "{}"];

describe("every service", () => {
  for (const name of names) {
    it(`${name} imports no other service`, () => {
      for (const { file, text } of sourcesOf(name)) {
        for (const [, path] of text.matchAll(/(?:from|import|require)\s*\(?\s*"(\.[^"]*)"/g)) {
          const target = relative(__dirname, resolve(__dirname, file, "..", path!));
          const other = target.startsWith("..") ? undefined : target.split("/")[0];
          assert.ok(other === undefined || other === name, `${file} imports ${path}`);
        }
      }
    });

    if (!ownClocks.includes(name)) {
      it(`${name} asks the kit for time, timers, chance and calls, and not the process`, () => {
        const found = sourcesOf(name)
          .filter((source) => !isTest(source))
          .flatMap(({ file, text }) =>
            [
              ...text.matchAll(
                /\b(Date\.now|Math\.random|setTimeout|setInterval|performance\.now)\(|new Date\(\)|randomUUID\(/g,
              ),
            ].map(([call]) => `${file}: ${call}`),
          );
        assert.deepEqual(found, []);
      });
    }
  }

  it("stands on the kit, and has a contract under its name", () => {
    const onTheKit = names.filter((name) => existsSync(join(__dirname, name, "service.ts")));
    assert.deepEqual(onTheKit, names);
    assert.deepEqual(
      onTheKit,
      allContracts.map(({ name }) => name),
    );
  });
});

for (const name of names) {
  describe(`${name}, as every service`, function () {
    this.timeout(180_000);
    const { service } = require(`./${name}/service`) as { service: Service };
    const { contract } = service;
    const environment: Record<string, string> = {
      AWS_REGION: "us-east-1",
      AWS_ACCESS_KEY_ID: "test",
      AWS_SECRET_ACCESS_KEY: "test",
      AWS_ENDPOINT_URL_SQS: nobody,
      EVENTS_QUEUE_URL: `${nobody}/queue`,
      ...needed[name],
      ...Object.fromEntries(contract.calls.map((callee) => [`${variableStem(callee)}_URL`, nobody])),
    };
    // Its answers, problems included, have the shape of somebody else's API; its own tests look at them.
    const ownServer = service.definition.server !== undefined;
    let running: TestService;
    before(async () => {
      running = await startTestService(contract, service, { environment });
    });
    after(() => running.close());

    it("brings a main.ts, a contract of its name and tests; with a database migrations", () => {
      const has = (...path: string[]) => existsSync(join(__dirname, name, ...path));
      assert.deepEqual([has("main.ts"), has("service.ts"), contract.name], [true, true, name]);
      assert.ok(sourcesOf(name).some(isTest), "it has no test");
      if (contract.database) assert.ok(has("schema", "migrations"));
      assert.ok(existsSync(join(__dirname, "../contracts/services", `${name}.ts`)));
      const wanted = new Set(contract.hears);
      assert.deepEqual(new Set(Object.keys(service.definition.hears ?? {})), wanted);
      assert.deepEqual(
        Object.values((service.definition.calls ?? {}) as Record<string, { name: string }>)
          .map((each) => each.name)
          .sort(),
        [...contract.calls].sort(),
      );
    });

    it("is alive, ready, measured and documented", async () => {
      for (const path of [contract.address.health, "/ready", "/metrics", "/openapi.json"]) {
        const answer = await running.ask("GET", path, { key: null });
        assert.equal(answer.status, 200, path);
        await answer.arrayBuffer();
      }
    });

    it("has a document with every route, in which every reference leads somewhere and every example is true", () => {
      const document = JSON.parse(JSON.stringify(service.definition.openapi?.() ?? openApiDocument(contract))) as {
        paths: Record<string, Record<string, { operationId: string }>>;
      };
      const ids = Object.values(document.paths).flatMap((path) =>
        Object.values(path).map(({ operationId }) => operationId),
      );
      assert.equal(new Set(ids).size, ids.length);
      for (const route of Object.keys(contract.routes)) assert.ok(ids.includes(route), route);
      for (const [, pointer] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
        const found = pointer!
          .split("/")
          .reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], document);
        assert.ok(found !== undefined, pointer);
      }
    });

    for (const [routeName, route] of Object.entries(contract.routes)) {
      const path = (value: string) => route.path.replaceAll(/\{\w+\*?\}/g, encodeURIComponent(value));

      if (!route.who.includes("anyone")) {
        it(`${routeName} lets nobody in without a key, and nobody with a wrong one`, async () => {
          for (const key of [null, "wrong", `${contract.keys.prefix}_${"a".repeat(43)}`]) {
            const answer = await running.ask(route.method, path("a"), { key });
            const { type } = (await answer.json()) as { type: string };
            assert.equal(answer.status, 401);
            if (!ownServer) assert.equal(type, problemUri("unauthenticated"));
          }
        });
      }

      it(`${routeName} answers what it does not expect with a problem, never with a failure of its own`, async () => {
        for (const [text, body] of cases(route)) {
          const answer = await running.ask(route.method, path(text), { body, headers: { "x-deadline-ms": "20000" } });
          const said = await answer.text();
          // The key that the stack hands to callers, whom every service must let in.
          assert.notEqual(answer.status, 401, said);
          assert.ok(
            answer.status < 500 || answer.status === 503,
            `${JSON.stringify([text, body])}: ${answer.status} ${said}`,
          );
          if (answer.status >= 400 && !ownServer) assert.match(said, /"type":"urn:game-ai-platform:problem:/);
        }
      });
    }

    it("says in one line that its port is taken, and that its database is not named", async () => {
      const taken = createServer().listen(0, "127.0.0.1");
      await once(taken, "listening");
      const { port } = taken.address() as AddressInfo;
      const start = (more: Readonly<Record<string, string>>, given: Readonly<Record<string, unknown>>) =>
        startService(service, {
          given: { host: "127.0.0.1", ...given },
          environment: { ...running.environment, ...more },
          logger: createLogger(name, "silent"),
          ownProcess: false,
        });
      const says = (text: RegExp) => (error: unknown) =>
        InputError.isInstance(error) && text.test(error.message) && !error.message.includes("\n");
      // A folder has one user at a time.
      const folder = mkdtempSync(join(tmpdir(), `${name}-`));
      const elsewhere: Record<string, string> =
        service.definition.ownDatabase === undefined ? {} : { DATA_DIR: folder };
      try {
        await assert.rejects(
          start(elsewhere, { port }),
          says(/^port: \d+ is not allowed; allowed: a port that nobody listens at/),
        );
      } finally {
        taken.close();
        rmSync(folder, { recursive: true, force: true });
      }
      if (contract.database && !service.definition.databaseOptional)
        await assert.rejects(start({ DB_HOST: "", DATA_DIR: "" }, { port: 0 }), says(/^database: nothing/));
    });
  });
}

/** What a route is sent: its path with texts that are none, and bodies that are none of its own. */
function cases({ body, path }: RouteContract): readonly (readonly [string, unknown])[] {
  const texts = path.includes("{") ? nasty.filter((text) => text !== "" && text !== "..") : ["a"];
  const bodies =
    body === undefined ? [undefined] : ["", "{", "[]", "null", "7", '"text"', "{}", { unknown: 1 }, `{"a":"\\u0000"}`];
  return [...texts.map((text) => [text, bodies[0]] as const), ...bodies.map((each) => ["a", each] as const)];
}
