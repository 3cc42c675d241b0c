import { z } from "zod";
import { defineContract } from "./define";
import { givenTime, pageOf, pageQuery, text, time, version } from "./schemas";

const read = ["service:read", "operator"] as const;
const write = ["service:write", "operator"] as const;

/** `5.6.1`, `5.7.0-preview-1`, `5.6.1-hotfix-2`; `5.6` is 5.6.0. */
const engineVersion = z
  .string()
  .regex(/^\d{1,4}\.\d{1,4}(\.\d{1,4})?(-(preview|hotfix)-\d{1,4})?$/, "a version such as 5.6.1 or 5.7.0-preview-1")
  .meta({ examples: ["5.6.1", "5.7.0-preview-1"] });
const featureName = z
  .string()
  .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, "words in small letters with hyphens between them")
  .max(80)
  .meta({ examples: ["nanite-foliage"] });
const stage = z.enum(["preview", "release", "hotfix"]);

const engine = z.object({
  version: engineVersion,
  stage,
  releasedAt: time.nullable(),
  notesUrl: z.url().nullable(),
  registeredAt: time,
});

const featureBody = z.strictObject({
  title: text(200),
  area: text(60).describe("Part of the engine, such as rendering or animation."),
  summary: text(2_000, 0).default(""),
  since: engineVersion.describe("First version that has it."),
  deprecated: engineVersion.nullable().default(null).describe("First version that advises against it."),
  removed: engineVersion.nullable().default(null).describe("First version without it."),
  replacedBy: featureName.nullable().default(null),
});

const feature = z.object({
  name: featureName,
  title: z.string(),
  area: z.string(),
  summary: z.string(),
  since: engineVersion,
  deprecated: engineVersion.nullable(),
  removed: engineVersion.nullable(),
  replacedBy: featureName.nullable(),
  version,
  updatedAt: time,
});

/** What a feature is in an engine version. */
const status = z.enum(["not-yet", "available", "deprecated", "removed"]);
const named = z.object({ name: featureName, title: z.string(), status, replacedBy: featureName.nullable() });

const engineParams = z.strictObject({ version: engineVersion });
const featureParams = z.strictObject({ name: featureName });

/** Which engine version offers which feature. */
export const capabilityRegistry = defineContract({
  name: "capability-registry",
  title: "Capability registry",
  version: "1.0.0",
  description:
    "Features by engine version: since when, deprecated from, removed in; and what a version lacks for a need.",
  database: true,
  publishes: ["engine.version-registered"],
  keys: { prefix: "cap", scopes: ["read", "write"] },
  problems: {
    "feature-range": { status: 400, title: "The versions of the feature are in no order" },
    "engine-unknown": { status: 404, title: "The engine version is not registered" },
  },
  routes: {
    listEngines: {
      method: "GET",
      path: "/engines",
      summary: "Lists engine versions, newest first.",
      who: read,
      query: z.strictObject({ ...pageQuery, stage: stage.optional() }),
      answers: { 200: pageOf(engine) },
    },
    getEngine: {
      method: "GET",
      path: "/engines/{version}",
      summary: "Reads an engine version.",
      who: read,
      params: engineParams,
      answers: { 200: engine },
      problems: ["engine-unknown"],
    },
    registerEngine: {
      method: "PUT",
      path: "/engines/{version}",
      summary: "Registers an engine version; one that is known already is left as it is, and announced once.",
      who: write,
      params: engineParams,
      body: z.strictObject({
        releasedAt: givenTime.nullable().default(null),
        notesUrl: z
          .url({ protocol: /^https?$/ })
          .max(500)
          .nullable()
          .default(null),
      }),
      answers: { 200: engine, 201: engine },
    },
    listEngineFeatures: {
      method: "GET",
      path: "/engines/{version}/features",
      summary: "Lists what a version has: available and deprecated features.",
      who: read,
      params: engineParams,
      query: z.strictObject({ ...pageQuery, area: text(60).optional() }),
      answers: { 200: pageOf(named) },
      problems: ["engine-unknown"],
    },
    compareEngines: {
      method: "GET",
      path: "/engines/{version}/changes",
      summary: "Tells what changes for a game that moves to this version from another one, newer or older.",
      who: read,
      params: engineParams,
      query: z.strictObject({ from: engineVersion }),
      answers: {
        200: z.object({
          from: engineVersion,
          to: engineVersion,
          gained: z.array(named),
          deprecated: z.array(named),
          lost: z.array(named),
        }),
      },
      problems: ["engine-unknown"],
    },
    checkNeeds: {
      method: "GET",
      path: "/compat",
      summary: "Tells which registered versions have all features of a need, and what one version lacks.",
      who: read,
      query: z.strictObject({
        need: z.array(featureName).min(1).max(100),
        engine: engineVersion.optional(),
      }),
      answers: {
        200: z.object({
          engines: z.array(engineVersion).describe("Registered versions that have all of it, newest first."),
          unknown: z.array(featureName).describe("Features that the registry does not know."),
          engine: z
            .object({ version: engineVersion, fits: z.boolean(), missing: z.array(named), deprecated: z.array(named) })
            .nullable(),
        }),
      },
      problems: ["engine-unknown"],
    },
    listFeatures: {
      method: "GET",
      path: "/features",
      summary: "Lists features by name.",
      who: read,
      query: z.strictObject({ ...pageQuery, area: text(60).optional() }),
      answers: { 200: pageOf(feature) },
    },
    getFeature: {
      method: "GET",
      path: "/features/{name}",
      summary: "Reads a feature.",
      who: read,
      params: featureParams,
      answers: { 200: feature },
      problems: ["not-found"],
    },
    putFeature: {
      method: "PUT",
      path: "/features/{name}",
      summary: "Makes a feature or changes it.",
      who: write,
      params: featureParams,
      body: featureBody,
      precondition: "required",
      answers: { 200: feature, 201: feature },
      problems: ["feature-range"],
    },
    deleteFeature: {
      method: "DELETE",
      path: "/features/{name}",
      summary: "Takes a feature out of the registry.",
      who: write,
      params: featureParams,
      precondition: "required",
      answers: { 204: null },
      problems: ["not-found"],
    },
  },
});
