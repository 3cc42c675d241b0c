import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { allContracts } from "../contracts/services";
import { serviceAddresses } from "../contracts/services/addresses";
import { type ServiceDefinition, serviceCatalogue, serviceNames } from "./service-catalogue";

const catalogue: Readonly<Record<string, ServiceDefinition>> = serviceCatalogue;

describe("the service catalogue and the contracts", () => {
  it("have the same listeners", () => {
    const listening = serviceNames.filter((name) => catalogue[name]!.http !== undefined);
    assert.deepEqual(listening, Object.keys(serviceAddresses).sort());
    for (const [name, { port, health }] of Object.entries(serviceAddresses)) {
      const { http } = catalogue[name]!;
      assert.deepEqual([http?.port, http?.healthPath], [port, health], name);
    }
  });

  for (const contract of allContracts) {
    describe(contract.name, () => {
      const entry = catalogue[contract.name]!;

      it("has the same public paths, and every route for players lies below one of them, if there are any", () => {
        assert.deepEqual([...(entry.publicPaths ?? [])].sort(), [...contract.publicPaths].sort());
        if (contract.publicPaths.length === 0) return;
        const patterns = contract.publicPaths.map((path) => new RegExp(`^${path.replaceAll("*", ".*")}$`));
        const outside = Object.values(contract.routes).filter(
          ({ who, path }) => who.includes("player") && !patterns.some((pattern) => pattern.test(path)),
        );
        assert.deepEqual(
          outside.map(({ path }) => path),
          [],
        );
      });

      it("calls the same services, and each of those lets services in", () => {
        assert.deepEqual([...(entry.calls ?? [])].sort(), [...contract.calls].sort());
        for (const callee of contract.calls) {
          const called = allContracts.find(({ name }) => name === callee);
          const open = Object.values(called?.routes ?? {}).some(({ who }) =>
            who.some((each) => each.startsWith("service")),
          );
          assert.ok(called === undefined || open, `${callee} has no route for services`);
        }
      });

      it("has the same stores", () => {
        assert.deepEqual(
          { database: entry.database !== undefined, cache: entry.cache ?? false },
          { database: contract.database, cache: contract.cache },
        );
        const migrations = join(__dirname, "../services", contract.name, "schema/migrations");
        const migrates = existsSync(migrations) && readdirSync(migrations).length > 0;
        assert.equal(entry.database?.migrates ?? false, migrates || contract.database);
      });

      it("publishes and hears the same events", () => {
        const { publishes = false, hears = [] } = entry.events ?? {};
        assert.equal(publishes, contract.publishes.length > 0);
        const queued = (type: string) =>
          hears.some(
            (each) => each === "*" || each === type || (each.endsWith("*") && type.startsWith(each.slice(0, -1))),
          );
        assert.deepEqual(
          contract.hears.filter((type) => !queued(type)),
          [],
          "its queue does not get what it hears",
        );
        const useless = hears.filter((each) => {
          const start = each.replace(/\*$/, "");
          return !contract.hears.some((type) => (each.endsWith("*") ? type.startsWith(start) : type === each));
        });
        assert.deepEqual(useless, [], "its queue gets what it does not hear");
      });

      it("has its code in this repository", () => {
        assert.equal(entry.source, "repository");
        assert.ok(existsSync(join(__dirname, "../services", contract.name, "main.ts")));
      });
    });
  }
});
