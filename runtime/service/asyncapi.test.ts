import assert from "node:assert/strict";
import { eventTypes } from "../../contracts/events/index";
import { allContracts } from "../../contracts/services";
import { asyncApiDocument } from "./asyncapi";

describe("the AsyncAPI document", () => {
  const document = JSON.parse(JSON.stringify(asyncApiDocument(allContracts))) as {
    operations: Record<string, { action: string; messages: { $ref: string }[] }>;
    components: { messages: Record<string, { payload: { properties: { data: { properties: object } } } }> };
  };

  it("has a message for every event, with its data, and every reference leads somewhere", () => {
    assert.deepEqual(Object.keys(document.components.messages).sort(), Object.keys(eventTypes).sort());
    const { data } = document.components.messages["engine.version-registered"]!.payload.properties;
    assert.deepEqual(Object.keys(data.properties).sort(), ["releasedAt", "stage", "version"]);
    for (const [, pointer] of JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)) {
      const found = pointer!.split("/").reduce<unknown>((at, key) => (at as Record<string, unknown>)?.[key], document);
      assert.ok(found !== undefined, pointer);
    }
  });

  it("says who publishes what", () => {
    const { action, messages } = document.operations["capability-registry.send"]!;
    assert.deepEqual(
      [action, messages.map(({ $ref }) => $ref)],
      ["send", ["#/channels/game-events/messages/engine.version-registered"]],
    );
    const told = allContracts.filter(({ publishes }) => publishes.length > 0).map(({ name }) => `${name}.send`);
    assert.deepEqual(
      Object.keys(document.operations).filter((name) => name.endsWith(".send")),
      told,
    );
  });
});
