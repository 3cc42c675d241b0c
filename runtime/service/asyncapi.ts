import { eventTypes } from "../../contracts/events/index";
import type { ServiceContract } from "../../contracts/services/define";
import { jsonSchema } from "./openapi";

/** Name of the topic that carries every event. */
const topic = "game-events";

/**
 * The AsyncAPI 3.0 document of the platform's events: one channel, a message for each type, and what each service publishes and hears.
 * Source: https://www.asyncapi.com/docs/reference/specification/v3.0.0
 */
export function asyncApiDocument(contracts: readonly ServiceContract[]): object {
  const types = Object.entries(eventTypes).sort(([a], [b]) => (a < b ? -1 : 1));
  const messages = Object.fromEntries(types.map(([type]) => [type, { $ref: `#/components/messages/${type}` }]));
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Game events",
      version: "1.0.0",
      description: "What services tell each other: CloudEvents 1.0 in JSON, at least once, in no order.",
    },
    defaultContentType: "application/cloudevents+json",
    channels: { [topic]: { address: topic, messages } },
    operations: Object.fromEntries(
      contracts.flatMap(({ name, publishes, hears }) => [
        ...operation(name, "send", publishes),
        ...operation(name, "receive", hears),
      ]),
    ),
    components: {
      messages: Object.fromEntries(
        types.map(([type, { summary, version, subject, data }]) => [
          type,
          {
            name: type,
            title: type,
            summary,
            description: `Version ${version}. Its subject is ${subject}.`,
            payload: envelopeOf(type, version, jsonSchema(data, "output")),
          },
        ]),
      ),
    },
  };
}

function operation(service: string, action: "send" | "receive", types: readonly string[]): [string, object][] {
  if (types.length === 0) return [];
  const messages = types.map((type) => ({ $ref: `#/channels/${topic}/messages/${type}` }));
  return [[`${service}.${action}`, { action, channel: { $ref: `#/channels/${topic}` }, messages }]];
}

const text = { type: "string" } as const;

function envelopeOf(type: string, version: number, data: object): object {
  return {
    type: "object",
    required: ["specversion", "id", "source", "type", "data"],
    properties: {
      specversion: { const: "1.0" },
      id: text,
      source: text,
      type: { const: type },
      subject: text,
      time: { ...text, format: "date-time" },
      datacontenttype: { const: "application/json" },
      dataschema: { const: `urn:game-ai-platform:event:${type}:${version}` },
      sequence: { ...text, pattern: "^\\d+$" },
      traceparent: text,
      data,
    },
  };
}
