import assert from "node:assert/strict";
import { eventTypes } from "../events/index";
import { problemTypes } from "../problems";
import { allContracts, contracts } from "./index";

/** Names that more than one of the contracts has, each with its owners. */
function shared(namesOf: (contract: (typeof allContracts)[number]) => readonly string[]): string[] {
  const owners = new Map<string, string[]>();
  for (const contract of allContracts) {
    for (const name of namesOf(contract)) owners.set(name, [...(owners.get(name) ?? []), contract.name]);
  }
  return [...owners].flatMap(([name, list]) => (list.length > 1 ? [`${name}: ${list.join(", ")}`] : []));
}

describe("the contracts", () => {
  it("stand under their services' names, and no two share a title or the beginning of their keys", () => {
    for (const [name, contract] of Object.entries(contracts)) assert.equal(contract.name, name);
    assert.deepEqual(
      shared(({ title }) => [title.toLowerCase()]),
      [],
    );
    assert.deepEqual(
      shared(({ keys }) => [keys.prefix]),
      [],
    );
  });

  it("name every problem once, and only problems that there are", () => {
    assert.deepEqual(
      shared(({ problems }) => Object.keys(problems)),
      [],
    );
    for (const { name, problems, routes } of allContracts) {
      for (const own of Object.keys(problems))
        assert.ok(!Object.hasOwn(problemTypes, own), `${name}: ${own} is the kit's`);
      for (const [route, { problems: used = [] }] of Object.entries(routes)) {
        const unknown = used.filter((each) => !Object.hasOwn(problemTypes, each) && !Object.hasOwn(problems, each));
        assert.deepEqual(unknown, [], `${name}.${route}`);
      }
    }
  });

  it("publish and hear only events that there are, under names of the form area.what-happened", () => {
    for (const type of Object.keys(eventTypes)) assert.match(type, /^[a-z]+(-[a-z]+)*(\.[a-z]+(-[a-z]+)*)+$/);
    for (const { name, publishes, hears } of allContracts) {
      const unknown = [...publishes, ...hears].filter((type) => !Object.hasOwn(eventTypes, type));
      assert.deepEqual(unknown, [], name);
    }
  });

  it("let an old consumer survive a new field: the data of every event takes fields that it does not know", () => {
    for (const [type, { data }] of Object.entries(eventTypes)) {
      const catchall = (data as unknown as { _zod: { def: { catchall?: { _zod: { def: { type: string } } } } } })._zod
        .def.catchall;
      assert.equal(catchall?._zod.def.type, "unknown", `${type} must be a z.looseObject`);
    }
  });

  it("have writes that say who may send them, and scopes that keys can have", () => {
    for (const { name, routes, keys } of allContracts) {
      for (const [route, { who, method, answers, body }] of Object.entries(routes)) {
        assert.ok(who.length > 0, `${name}.${route} is for nobody`);
        const scopes = who.flatMap((each) => (each.startsWith("service:") ? [each.slice("service:".length)] : []));
        assert.deepEqual(
          scopes.filter((scope) => !keys.scopes.includes(scope)),
          [],
          `${name}.${route}`,
        );
        assert.ok(
          Object.keys(answers).every((status) => /^2\d\d$/.test(status)),
          `${name}.${route} answers other than 2xx`,
        );
        assert.ok(method !== "GET" || body === undefined, `${name}.${route} is a GET with a body`);
      }
    }
  });
});
