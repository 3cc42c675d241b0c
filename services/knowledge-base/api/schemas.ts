import { type Static, type TSchema, Type } from "typebox";
import { mediaTypes } from "../ingest/blocks";
import { documentTypes } from "../ingest/prepare";
import { conceptScopes } from "../items/concepts";
import { worldTypes } from "../items/worlds";
import { longestQuery } from "../search/search";

export const oneOf = <const T extends readonly string[]>(values: T, description?: string) =>
  Type.Unsafe<T[number]>({ type: "string", enum: [...values], ...(description === undefined ? {} : { description }) });
export const nullable = <T extends TSchema>(schema: T) => Type.Union([schema, Type.Null()]);
export const text = (most: number, least = 1) =>
  Type.String({ minLength: least, maxLength: most, pattern: "^[^\\u0000]*$" });

export const Uuid = Type.String({ format: "uuid" });
export const Time = Type.String({ format: "date-time" });
export const object = <T extends Record<string, TSchema>>(properties: T) =>
  Type.Object(properties, { additionalProperties: false });
export const free = Type.Record(Type.String(), Type.Unknown());

export const KnownBy = Type.Optional(
  Type.Array(text(255), { maxItems: 100, description: 'Who knows of it; absent or with "*": everybody.' }),
);
/** A filter on who knows of something. */
export const knower = Type.Optional(
  Type.String({ minLength: 1, maxLength: 255, pattern: "^[^\\u0000]*$", description: "Only what this one knows of." }),
);
const known = nullable(Type.Array(Type.String()));

export const IdParams = object({ id: Uuid });
const Cursor = Type.String({
  minLength: 1,
  maxLength: 500,
  description:
    "`nextCursor` of the page before, asked for with the same other values; any other text is answered with 400.",
});
export const page = {
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500, default: 50 })),
  cursor: Type.Optional(Cursor),
};
export const paged = <T extends TSchema>(item: T) =>
  Type.Object({ items: Type.Array(item), nextCursor: nullable(Type.String()) });

export const Problem = Type.Object(
  {
    type: Type.String(),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String(),
    instance: Type.String({ description: "The request id." }),
    errors: Type.Optional(Type.Array(Type.Object({ path: Type.String(), message: Type.String() }))),
  },
  { description: "RFC 9457 problem details." },
);

const ranking = object({
  mode: Type.Optional(oneOf(["hybrid", "lexical", "vector"])),
  fusion: Type.Optional(oneOf(["minmax", "rrf"])),
  vectorWeight: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  feedbackPassages: Type.Optional(Type.Integer({ minimum: 0, maximum: 50, description: "0 switches feedback off." })),
  feedbackWeight: Type.Optional(Type.Number({ minimum: 0, maximum: 1 })),
  recencyWeight: Type.Optional(
    Type.Number({ minimum: 0, maximum: 1, description: "Share of recency in the score; 0 where it is absent." }),
  ),
  recencyHalfLifeHours: Type.Optional(Type.Number({ minimum: 0.01, maximum: 1_000_000, default: 168 })),
});

export const SearchBody = object({
  query: text(longestQuery),
  worldId: Type.Optional(Uuid),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 10 })),
  threshold: Type.Optional(
    Type.Number({
      minimum: 0,
      maximum: 1,
      default: 0,
      description: "Lowest `match` of a hit; comparable between questions.",
    }),
  ),
  kinds: Type.Optional(Type.Array(oneOf(["document", "concept", "event", "fact"]), { maxItems: 4 })),
  types: Type.Optional(Type.Array(text(50), { maxItems: 10, description: "Document, concept or event types." })),
  scopes: Type.Optional(Type.Array(oneOf([...conceptScopes, "world"]), { maxItems: 5 })),
  since: Type.Optional(Time),
  until: Type.Optional(Time),
  conceptId: Type.Optional(Uuid),
  knownBy: knower,
  at: Type.Optional(
    Type.String({ format: "date-time", description: "Story time at which facts must hold; now where it is absent." }),
  ),
  includeEnded: Type.Optional(Type.Boolean({ default: false, description: "Also facts that do not hold then." })),
  group: Type.Optional(oneOf(["item", "passage"], "Best passage of each item, or every passage.")),
  ranking: Type.Optional(ranking),
  explain: Type.Optional(Type.Boolean({ default: false })),
  cursor: Type.Optional(Cursor),
});
export type SearchBody = Static<typeof SearchBody>;

const Explanation = Type.Object({
  lexical: Type.Number(),
  lexicalRank: nullable(Type.Integer()),
  terms: Type.Array(Type.Object({ term: Type.String(), idf: Type.Number(), score: Type.Number() })),
  pairs: Type.Number(),
  cosine: nullable(Type.Number()),
  vectorRank: nullable(Type.Integer()),
  feedback: nullable(Type.Number()),
  fused: Type.Number(),
});

export const Hit = Type.Object({
  kind: oneOf(["document", "concept", "event", "fact"]),
  id: Uuid,
  type: Type.String(),
  scope: Type.String(),
  world: Type.Boolean({ description: "Told in the world asked for, not in the canon." }),
  title: Type.String(),
  heading: Type.String(),
  content: Type.String(),
  highlight: Type.Object({
    text: Type.String(),
    marks: Type.Array(Type.Array(Type.Integer(), { minItems: 2, maxItems: 2 })),
  }),
  chunk: Type.Object({ index: Type.Integer(), total: Type.Integer() }),
  source: nullable(Type.String()),
  file: nullable(Type.String()),
  occurredAt: Time,
  validFrom: nullable(Time),
  validUntil: nullable(Time),
  score: Type.Number({ description: "Place among this question's candidates, 0 to 1." }),
  match: Type.Number({ description: "How well the passage answers, 0 to 1, comparable between questions." }),
  explanation: Type.Optional(Explanation),
});
export const SearchReply = Type.Object({
  hits: Type.Array(Hit),
  nextCursor: nullable(Type.String()),
  generation: Type.Integer(),
});

export const DocumentBody = object({
  source: text(255),
  file: text(1024),
  content: Type.String({ maxLength: 5_000_000 }),
  worldId: Type.Optional(Uuid),
  type: Type.Optional(oneOf(documentTypes)),
  title: Type.Optional(text(500)),
  mediaType: Type.Optional(oneOf(mediaTypes)),
});
export type DocumentBody = Static<typeof DocumentBody>;
export const DocumentView = Type.Object({
  id: Uuid,
  source: Type.String(),
  file: Type.String(),
  worldId: nullable(Uuid),
  type: oneOf(documentTypes),
  title: Type.String(),
  mediaType: Type.String(),
  contentHash: Type.String(),
  createdAt: Time,
  updatedAt: Time,
});
export const DocumentWithText = Type.Object({ ...DocumentView.properties, content: Type.String() });
export const PutReply = Type.Object({
  id: Uuid,
  status: oneOf(["added", "updated", "unchanged"]),
  passages: Type.Integer(),
});
export const StatsReply = Type.Object({
  documents: Type.Integer(),
  byType: Type.Record(Type.String(), Type.Integer()),
  concepts: Type.Integer(),
  events: Type.Integer(),
  passages: Type.Integer(),
  generation: nullable(
    Type.Object({
      id: Type.Integer(),
      embedder: Type.String(),
      embedderVersion: Type.String(),
      chunkerVersion: Type.String(),
    }),
  ),
});

export const ConceptBody = object({
  name: text(255),
  type: text(50),
  description: text(5000, 0),
  scope: oneOf(conceptScopes),
  worldId: Type.Optional(Uuid),
  sources: Type.Optional(Type.Array(text(1024), { maxItems: 50 })),
  knownBy: KnownBy,
});
export type ConceptBody = Static<typeof ConceptBody>;
export const ConceptView = Type.Object({
  id: Uuid,
  name: Type.String(),
  type: Type.String(),
  description: Type.String(),
  scope: oneOf(conceptScopes),
  worldId: nullable(Uuid),
  sources: Type.Array(Type.String()),
  knownBy: known,
  createdAt: Time,
  updatedAt: Time,
});
export const ConceptChange = Type.Object(
  {
    name: Type.Optional(text(255)),
    type: Type.Optional(text(50)),
    description: Type.Optional(text(5000, 0)),
    worldId: Type.Optional(Uuid),
    playerId: Type.Optional(text(255)),
    knownBy: KnownBy,
    learnedBy: KnownBy,
  },
  { additionalProperties: false, minProperties: 1 },
);
export type ConceptChange = Static<typeof ConceptChange>;
export const VersionView = Type.Object({
  id: Uuid,
  conceptId: Uuid,
  worldId: nullable(Uuid),
  playerId: nullable(Type.String()),
  version: Type.Integer(),
  name: Type.String(),
  type: Type.String(),
  description: Type.String(),
  knownBy: known,
  changes: free,
  validFrom: Time,
});
export const RelationshipBody = object({
  to: Uuid,
  type: text(50),
  strength: Type.Optional(Type.Number({ minimum: 0, maximum: 1, default: 0.5 })),
  worldId: Type.Optional(Uuid),
});
export type RelationshipBody = Static<typeof RelationshipBody>;
export const RelationshipView = Type.Object({
  id: Uuid,
  from: Uuid,
  to: Uuid,
  type: Type.String(),
  strength: Type.Number(),
  worldId: nullable(Uuid),
});
export const NeighbourView = Type.Object({
  id: Uuid,
  name: Type.String(),
  type: Type.String(),
  depth: Type.Integer(),
  strength: Type.Number(),
  path: Type.Array(Uuid),
});

export const WorldBody = object({
  playerId: text(255),
  name: text(255),
  type: oneOf(worldTypes),
  state: Type.Optional(free),
});
export type WorldBody = Static<typeof WorldBody>;
export const WorldChange = Type.Object(
  { state: Type.Optional(free), active: Type.Optional(Type.Boolean()) },
  { additionalProperties: false, minProperties: 1 },
);
export type WorldChange = Static<typeof WorldChange>;
export const WorldView = Type.Object({
  id: Uuid,
  playerId: Type.String(),
  name: Type.String(),
  type: oneOf(worldTypes),
  state: free,
  active: Type.Boolean(),
  version: Type.Integer(),
  createdAt: Time,
  updatedAt: Time,
});

export const EventBody = object({
  worldId: Uuid,
  type: text(50),
  summary: text(5000),
  data: Type.Optional(free),
  npcs: Type.Optional(Type.Array(text(255), { maxItems: 100 })),
  knownBy: KnownBy,
  conceptIds: Type.Optional(Type.Array(Uuid, { maxItems: 100 })),
  impact: Type.Optional(Type.Number({ minimum: 0, maximum: 1, default: 0.5 })),
  occurredAt: Type.Optional(Time),
});
export type EventBody = Static<typeof EventBody>;
const { worldId: _world, ...eventFields } = EventBody.properties;
export const EventChange = Type.Object(
  { ...Type.Partial(Type.Object(eventFields)).properties, learnedBy: KnownBy, worldId: Type.Optional(Uuid) },
  { additionalProperties: false, minProperties: 1 },
);
export type EventChange = Static<typeof EventChange>;
export const EventView = Type.Object({
  id: Uuid,
  worldId: Uuid,
  type: Type.String(),
  summary: Type.String(),
  data: free,
  npcs: Type.Array(Type.String()),
  knownBy: known,
  version: Type.Integer(),
  conceptIds: Type.Array(Uuid),
  impact: Type.Number(),
  occurredAt: Time,
  recordedAt: Time,
});
export const KnowledgeReply = Type.Object({
  world: WorldView,
  concepts: Type.Array(ConceptView),
  events: Type.Array(EventView),
  documents: Type.Array(DocumentView),
});
export const JobView = Type.Object({
  id: Uuid,
  source: Type.String(),
  state: oneOf(["running", "done", "failed"]),
  startedAt: Time,
  touchedAt: Time,
  finishedAt: nullable(Time),
  error: nullable(Type.String()),
  pending: Type.Integer(),
  done: Type.Integer(),
  failed: Type.Integer(),
});
