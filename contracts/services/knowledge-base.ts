import { z } from "zod";
import {
  conceptScopes,
  deciders,
  documentTypes,
  factStatuses,
  itemKinds,
  longestQuery,
  mediaTypes,
  worldTypes,
} from "../story";
import { defineContract } from "./define";
import { givenTime, pageOf, pageQuery, text, time, uuid, version } from "./schemas";

/** Bytes of a body at most, where the route does not say. */
export const largestBody = 1_048_576;
/** The same for a document. */
export const largestDocumentBody = 6 * 1_048_576;

const read = ["service:read", "operator"] as const;
const write = ["service:write", "operator"] as const;
const decide = ["service:decide", "operator"] as const;
const administer = ["service:admin", "operator"] as const;

/** Seconds that an answer may take: a write waits for an embedder and for other writers. */
const answerSeconds = 60;
/** The same for a document, which may have thousands of passages. */
const documentSeconds = 300;

const free = z.record(z.string(), z.unknown());
const share = z.number().min(0).max(1);
const knownBy = z.array(text(255)).max(100).describe('Who knows of it; absent or with "*": everybody.').optional();
const knower = text(255).describe("Only what this one knows of.").optional();
const known = z.array(z.string()).nullable();
const worldId = uuid.optional();
const storyTime = givenTime.describe("Story time; now where it is absent.").optional();

const idParams = z.strictObject({ id: uuid });
const worldQuery = z.strictObject({ worldId });
/** A change names what it changes. */
const change = <Shape extends z.ZodRawShape>(shape: Shape) =>
  z
    .strictObject(shape)
    .refine((body) => Object.keys(body).length > 0, "at least one property")
    .meta({ minProperties: 1 });

const documentBody = z.strictObject({
  source: text(255),
  file: text(1_024),
  content: z.string().max(5_000_000),
  worldId,
  type: z.enum(documentTypes).optional(),
  title: text(500).optional(),
  mediaType: z.enum(mediaTypes).optional(),
});

const storyDocument = z.object({
  id: uuid,
  source: z.string(),
  file: z.string(),
  worldId: uuid.nullable(),
  type: z.enum(documentTypes),
  title: z.string(),
  mediaType: z.string(),
  contentHash: z.string(),
  createdAt: time,
  updatedAt: time,
});

const conceptBody = z.strictObject({
  name: text(255),
  type: text(50),
  description: text(5_000, 0),
  scope: z.enum(conceptScopes),
  worldId,
  sources: z.array(text(1_024)).max(50).optional(),
  knownBy,
});

const concept = z.object({
  id: uuid,
  name: z.string(),
  type: z.string(),
  description: z.string(),
  scope: z.enum(conceptScopes),
  worldId: uuid.nullable(),
  sources: z.array(z.string()),
  knownBy: known,
  createdAt: time,
  updatedAt: time,
});

const conceptChange = change({
  name: text(255).optional(),
  type: text(50).optional(),
  description: text(5_000, 0).optional(),
  worldId,
  playerId: text(255).optional(),
  knownBy,
  learnedBy: knownBy,
});

const conceptVersion = z.object({
  id: uuid,
  conceptId: uuid,
  worldId: uuid.nullable(),
  playerId: z.string().nullable(),
  version,
  name: z.string(),
  type: z.string(),
  description: z.string(),
  knownBy: known,
  changes: free,
  validFrom: time,
});

const conceptQuery = {
  ...pageQuery,
  name: z.string().min(1).max(100).describe("Part of a name; % and _ mean themselves.").optional(),
  type: z.string().min(1).max(50).optional(),
  knownBy: knower,
};

const relationship = z.object({
  id: uuid,
  from: uuid,
  to: uuid,
  type: z.string(),
  strength: z.number(),
  worldId: uuid.nullable(),
});

const neighbour = z.object({
  id: uuid,
  name: z.string(),
  type: z.string(),
  depth: z.int(),
  strength: z.number(),
  path: z.array(uuid),
});

const world = z.object({
  id: uuid,
  playerId: z.string(),
  name: z.string(),
  type: z.enum(worldTypes),
  state: free,
  active: z.boolean(),
  version,
  createdAt: time,
  updatedAt: time,
});

const eventFields = {
  type: text(50),
  summary: text(5_000),
  data: free.optional(),
  npcs: z.array(text(255)).max(100).optional(),
  knownBy,
  conceptIds: z.array(uuid).max(100).optional(),
  impact: share.optional(),
  occurredAt: givenTime.optional(),
};

const storyEvent = z.object({
  id: uuid,
  worldId: uuid,
  type: z.string(),
  summary: z.string(),
  data: free,
  npcs: z.array(z.string()),
  knownBy: known,
  version,
  conceptIds: z.array(uuid),
  impact: z.number(),
  occurredAt: time,
  recordedAt: time,
});

const factBody = z.strictObject({
  worldId,
  subject: text(255),
  predicate: text(100),
  object: text(1_000),
  statement: text(5_000).optional(),
  knownBy,
  validFrom: givenTime.optional(),
  validUntil: givenTime.optional(),
  exclusive: z
    .boolean()
    .default(false)
    .describe("The subject has one object at a time: accepting this ends the one before."),
  replaces: z.array(uuid).max(20).optional(),
  provenance: free.describe("Who or what said so, and on what ground."),
});

const fact = z.object({
  id: uuid,
  worldId: uuid.nullable(),
  subject: z.string(),
  predicate: z.string(),
  object: z.string(),
  statement: z.string(),
  knownBy: known,
  validFrom: time,
  validUntil: time.nullable(),
  replacedBy: uuid.nullable(),
  exclusive: z.boolean(),
  replaces: z.array(uuid),
  status: z.enum(factStatuses),
  provenance: free,
  decision: z
    .object({ kind: z.enum(deciders), by: z.string(), at: z.string(), reason: z.string().nullable() })
    .nullable(),
  version,
  createdAt: time,
  updatedAt: time,
});

const ranking = z.strictObject({
  mode: z.enum(["hybrid", "lexical", "vector"]).optional(),
  fusion: z.enum(["minmax", "rrf"]).optional(),
  vectorWeight: share.optional(),
  feedbackPassages: z.int().min(0).max(50).describe("0 switches feedback off.").optional(),
  feedbackWeight: share.optional(),
  recencyWeight: share.describe("Share of recency in the score; 0 where it is absent.").optional(),
  recencyHalfLifeHours: z.number().min(0.01).max(1_000_000).default(168),
});

const searchBody = z.strictObject({
  query: text(longestQuery),
  worldId,
  limit: z.int().min(1).max(100).default(10),
  threshold: share.default(0).describe("Lowest `match` of a hit; comparable between questions."),
  kinds: z.array(z.enum(itemKinds)).max(4).optional(),
  types: z.array(text(50)).max(10).describe("Document, concept or event types.").optional(),
  scopes: z
    .array(z.enum([...conceptScopes, "world"]))
    .max(5)
    .optional(),
  since: givenTime.optional(),
  until: givenTime.optional(),
  conceptId: uuid.optional(),
  knownBy: knower,
  at: givenTime.describe("Story time at which facts must hold; now where it is absent.").optional(),
  includeEnded: z.boolean().default(false).describe("Also facts that do not hold then."),
  group: z.enum(["item", "passage"]).describe("Best passage of each item, or every passage.").optional(),
  ranking: ranking.optional(),
  explain: z.boolean().default(false),
  cursor: pageQuery.cursor,
});
export type SearchBody = z.output<typeof searchBody>;

const hit = z.object({
  kind: z.enum(itemKinds),
  id: uuid,
  type: z.string(),
  scope: z.string(),
  world: z.boolean().describe("Told in the world asked for, not in the canon."),
  title: z.string(),
  heading: z.string(),
  content: z.string(),
  highlight: z.object({ text: z.string(), marks: z.array(z.tuple([z.int(), z.int()])) }),
  chunk: z.object({ index: z.int(), total: z.int() }),
  source: z.string().nullable(),
  file: z.string().nullable(),
  occurredAt: time,
  validFrom: time.nullable(),
  validUntil: time.nullable(),
  score: z.number().describe("Place among this question's candidates, 0 to 1."),
  match: z.number().describe("How well the passage answers, 0 to 1, comparable between questions."),
  explanation: z
    .object({
      lexical: z.number(),
      lexicalRank: z.int().nullable(),
      terms: z.array(z.object({ term: z.string(), idf: z.number(), score: z.number() })),
      pairs: z.number(),
      cosine: z.number().nullable(),
      vectorRank: z.int().nullable(),
      feedback: z.number().nullable(),
      fused: z.number(),
    })
    .optional(),
});

const job = z.object({
  id: uuid,
  source: z.string(),
  state: z.enum(["running", "done", "failed"]),
  startedAt: time,
  touchedAt: time,
  finishedAt: time.nullable(),
  error: z.string().nullable(),
  pending: z.int(),
  done: z.int(),
  failed: z.int(),
});

/** Story memory: documents, concepts, worlds, events and facts, and search over them. */
export const knowledgeBase = defineContract({
  name: "knowledge-base",
  title: "Knowledge base",
  version: "1.0.0",
  description: "Story memory: documents, concepts, worlds, events and facts, and search over them.",
  database: true,
  keys: { prefix: "kb", scopes: ["read", "write", "decide", "admin"] },
  answersKeptHours: 7 * 24,
  routes: {
    search: {
      method: "POST",
      path: "/search/semantic",
      summary: "Finds passages of documents, concepts and events that answer a question.",
      who: read,
      body: searchBody,
      answers: { 200: z.object({ hits: z.array(hit), nextCursor: z.string().nullable(), generation: z.int() }) },
      problems: ["not-found"],
      limit: { bucket: "search" },
      answerSeconds,
    },
    stats: {
      method: "GET",
      path: "/documents/stats",
      summary: "Counts what the asker sees.",
      who: read,
      query: worldQuery,
      answers: {
        200: z.object({
          documents: z.int(),
          byType: z.record(z.string(), z.int()),
          concepts: z.int(),
          events: z.int(),
          passages: z.int(),
          generation: z
            .object({
              id: z.int(),
              embedder: z.string(),
              embedderVersion: z.string(),
              chunkerVersion: z.string(),
            })
            .nullable(),
        }),
      },
      problems: ["not-found"],
      answerSeconds,
    },
    listDocuments: {
      method: "GET",
      path: "/documents",
      summary: "Lists documents without their text.",
      who: read,
      query: z.strictObject({
        ...pageQuery,
        worldId,
        source: z.string().max(255).optional(),
        type: z.enum(documentTypes).optional(),
      }),
      answers: { 200: pageOf(storyDocument) },
      problems: ["not-found"],
      answerSeconds,
    },
    putDocument: {
      method: "PUT",
      path: "/documents",
      summary: "Stores a document under its source and file; what has not changed is left alone.",
      who: write,
      body: documentBody,
      bodyLimit: largestDocumentBody,
      answers: {
        200: z.object({ id: uuid, status: z.enum(["added", "updated", "unchanged"]), passages: z.int() }),
      },
      problems: ["not-found"],
      answerSeconds: documentSeconds,
    },
    getDocument: {
      method: "GET",
      path: "/documents/{id}",
      summary: "Reads a document with its text.",
      who: read,
      params: idParams,
      query: worldQuery,
      answers: { 200: storyDocument.extend({ content: z.string() }) },
      problems: ["not-found"],
      answerSeconds,
    },
    deleteDocument: {
      method: "DELETE",
      path: "/documents/{id}",
      summary: "Removes a document.",
      who: write,
      params: idParams,
      answers: { 204: null },
      problems: ["not-found"],
      answerSeconds,
    },
    listGlobalConcepts: {
      method: "GET",
      path: "/concepts/global",
      summary: "Lists the concepts of the canon.",
      who: read,
      query: z.strictObject(conceptQuery),
      answers: { 200: pageOf(concept) },
      answerSeconds,
    },
    listConcepts: {
      method: "GET",
      path: "/concepts",
      summary: "Lists the concepts of the canon and of a world.",
      who: read,
      query: z.strictObject({ ...conceptQuery, worldId }),
      answers: { 200: pageOf(concept) },
      problems: ["not-found"],
      answerSeconds,
    },
    createConcept: {
      method: "POST",
      path: "/concepts/create",
      summary: "Makes a concept of the canon, or of a world.",
      who: write,
      body: conceptBody,
      answers: { 201: concept },
      problems: ["not-found", "conflict"],
      limit: { perMinute: 600, bucket: "concepts" },
      answerSeconds,
    },
    getConcept: {
      method: "GET",
      path: "/concepts/{id}",
      summary: "Reads a concept as a world tells it, now or as of a time.",
      who: read,
      params: idParams,
      query: z.strictObject({ worldId, at: givenTime.optional() }),
      answers: { 200: conceptVersion },
      problems: ["not-found"],
      answerSeconds,
    },
    reviseConcept: {
      method: "PATCH",
      path: "/concepts/{id}",
      summary: "Tells a concept anew; a world's telling leaves the canon as it is.",
      who: write,
      params: idParams,
      body: conceptChange,
      precondition: "accepted",
      answers: { 200: conceptVersion },
      problems: ["not-found", "conflict"],
      limit: { perMinute: 600, bucket: "concepts" },
      answerSeconds,
    },
    deleteConcept: {
      method: "DELETE",
      path: "/concepts/{id}",
      summary: "Removes a concept with its versions.",
      who: write,
      params: idParams,
      precondition: "accepted",
      answers: { 204: null },
      problems: ["not-found"],
      answerSeconds,
    },
    listConceptVersions: {
      method: "GET",
      path: "/concepts/{id}/versions",
      summary: "Lists the versions of a concept, oldest first.",
      who: read,
      params: idParams,
      query: z.strictObject({ ...pageQuery, worldId }),
      answers: { 200: pageOf(conceptVersion) },
      problems: ["not-found"],
      answerSeconds,
    },
    conceptNeighbours: {
      method: "GET",
      path: "/concepts/{id}/neighbours",
      summary: "Lists the concepts around one, nearest first.",
      who: read,
      params: idParams,
      query: z.strictObject({
        worldId,
        depth: z.int().min(1).max(4).default(2),
        fanOut: z.int().min(1).max(50).default(10),
        minStrength: share.default(0),
        type: z.string().min(1).max(50).optional(),
        knownBy: knower,
      }),
      answers: { 200: z.object({ items: z.array(neighbour) }) },
      problems: ["not-found"],
      answerSeconds,
    },
    relateConcepts: {
      method: "POST",
      path: "/concepts/{id}/relationships",
      summary: "Relates a concept to another.",
      who: write,
      params: idParams,
      body: z.strictObject({ to: uuid, type: text(50), strength: share.default(0.5), worldId }),
      answers: { 201: relationship },
      problems: ["not-found", "conflict"],
      answerSeconds,
    },
    deleteRelationship: {
      method: "DELETE",
      path: "/relationships/{id}",
      summary: "Removes a relationship.",
      who: write,
      params: idParams,
      answers: { 204: null },
      problems: ["not-found"],
      answerSeconds,
    },
    createWorld: {
      method: "POST",
      path: "/worlds",
      summary: "Makes a world.",
      who: administer,
      body: z.strictObject({ playerId: text(255), name: text(255), type: z.enum(worldTypes), state: free.optional() }),
      answers: { 201: world },
      problems: ["conflict"],
      answerSeconds,
    },
    listWorlds: {
      method: "GET",
      path: "/worlds",
      summary: "Lists the worlds that the key reaches.",
      who: read,
      query: z.strictObject({ ...pageQuery, playerId: z.string().max(255).optional() }),
      answers: { 200: pageOf(world) },
      answerSeconds,
    },
    getWorld: {
      method: "GET",
      path: "/worlds/{id}",
      summary: "Reads a world.",
      who: read,
      params: idParams,
      answers: { 200: world },
      problems: ["not-found"],
      answerSeconds,
    },
    updateWorld: {
      method: "PATCH",
      path: "/worlds/{id}",
      summary: "Changes a world's state, or switches it off.",
      who: write,
      params: idParams,
      body: change({ state: free.optional(), active: z.boolean().optional() }),
      precondition: "accepted",
      answers: { 200: world },
      problems: ["not-found"],
      answerSeconds,
    },
    deleteWorld: {
      method: "DELETE",
      path: "/worlds/{id}",
      summary: "Removes a world with everything told in it.",
      who: administer,
      params: idParams,
      precondition: "accepted",
      answers: { 204: null },
      problems: ["not-found"],
      answerSeconds,
    },
    worldKnowledge: {
      method: "GET",
      path: "/world/{id}/knowledge",
      summary: "What a world has of its own: latest events, concepts, documents.",
      who: read,
      params: idParams,
      query: z.strictObject({ limit: pageQuery.limit, knownBy: knower }),
      answers: {
        200: z.object({
          world,
          concepts: z.array(concept),
          events: z.array(storyEvent),
          documents: z.array(storyDocument),
        }),
      },
      problems: ["not-found"],
      answerSeconds,
    },
    listEvents: {
      method: "GET",
      path: "/world/{id}/events",
      summary: "Lists what happened in a world, latest first.",
      who: read,
      params: idParams,
      query: z.strictObject({
        ...pageQuery,
        type: z.string().max(50).optional(),
        since: givenTime.optional(),
        until: givenTime.optional(),
        knownBy: knower,
      }),
      answers: { 200: pageOf(storyEvent) },
      problems: ["not-found"],
      answerSeconds,
    },
    recordEvent: {
      method: "POST",
      path: "/events/record",
      summary: "Records what happened in a world.",
      who: write,
      body: z.strictObject({ worldId: uuid, ...eventFields }),
      answers: { 201: storyEvent },
      problems: ["not-found"],
      answerSeconds,
    },
    getEvent: {
      method: "GET",
      path: "/events/{id}",
      summary: "Reads an event.",
      who: read,
      params: idParams,
      query: worldQuery,
      answers: { 200: storyEvent },
      problems: ["not-found"],
      answerSeconds,
    },
    changeEvent: {
      method: "PATCH",
      path: "/events/{id}",
      summary: "Tells an event differently, where it has the version that If-Match names.",
      who: write,
      params: idParams,
      body: change({ ...z.object(eventFields).partial().shape, learnedBy: knownBy, worldId }),
      precondition: "accepted",
      answers: { 200: storyEvent },
      problems: ["not-found"],
      answerSeconds,
    },
    deleteEvent: {
      method: "DELETE",
      path: "/events/{id}",
      summary: "Removes an event.",
      who: write,
      params: idParams,
      precondition: "accepted",
      answers: { 204: null },
      problems: ["not-found"],
      answerSeconds,
    },
    proposeFact: {
      method: "POST",
      path: "/facts",
      summary: "Proposes a fact; nobody finds it before it is accepted.",
      who: write,
      body: factBody,
      answers: { 201: fact },
      problems: ["not-found", "conflict"],
      answerSeconds,
    },
    listFacts: {
      method: "GET",
      path: "/facts",
      summary: "Lists facts that hold at a time, or proposals.",
      who: read,
      query: z.strictObject({
        ...pageQuery,
        worldId,
        subject: z.string().max(255).optional(),
        predicate: z.string().max(100).optional(),
        status: z.enum(factStatuses).optional(),
        knownBy: knower,
        at: storyTime,
        history: z.boolean().default(false).describe("Also what no longer holds, or does not yet."),
      }),
      answers: { 200: pageOf(fact) },
      problems: ["not-found"],
      answerSeconds,
    },
    getFact: {
      method: "GET",
      path: "/facts/{id}",
      summary: "Reads a fact, with its end and what took its place.",
      who: read,
      params: idParams,
      query: worldQuery,
      answers: { 200: fact },
      problems: ["not-found"],
      answerSeconds,
    },
    decideFact: {
      method: "POST",
      path: "/facts/{id}/decision",
      summary: "Accepts or rejects a proposal, by the word of a person or a rule.",
      who: decide,
      params: idParams,
      body: z.strictObject({
        accept: z.boolean(),
        kind: z.enum(deciders).describe("A model proposes; it never decides."),
        by: text(255),
        reason: text(1_000).optional(),
        worldId,
      }),
      precondition: "accepted",
      answers: { 200: fact },
      problems: ["not-found", "conflict"],
      answerSeconds,
    },
    changeFact: {
      method: "PATCH",
      path: "/facts/{id}",
      summary: "Ends a fact, or adds who knows of it.",
      who: decide,
      params: idParams,
      body: change({
        validUntil: givenTime.nullable().optional(),
        learnedBy: z.array(text(255)).max(100).optional(),
        worldId,
      }),
      precondition: "accepted",
      answers: { 200: fact },
      problems: ["not-found", "conflict"],
      answerSeconds,
    },
    deleteFact: {
      method: "DELETE",
      path: "/facts/{id}",
      summary: "Removes a fact; what it had replaced holds again.",
      who: decide,
      params: idParams,
      precondition: "accepted",
      answers: { 204: null },
      problems: ["not-found"],
      answerSeconds,
    },
    listJobs: {
      method: "GET",
      path: "/ingest-jobs",
      summary: "Lists the last jobs of ingestion.",
      who: administer,
      answers: { 200: z.object({ items: z.array(job) }) },
      answerSeconds,
    },
  },
});
