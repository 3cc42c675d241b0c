import "@fastify/swagger";
import type { FastifyInstance, FastifyRequest, RouteShorthandOptions } from "fastify";
import type { TSchema } from "typebox";
import type { Indexer } from "../index/indexer";
import type { Permission } from "../keys/keys";
import type { CursorCodec } from "../search/cursor";

/** What the routes work with. */
export interface Service {
  readonly indexer: Indexer;
  readonly cursors: CursorCodec;
  /** Called after writes, so that the statistical embedder is trained again in time. */
  readonly wrote: () => void;
}

export type Routes = (app: FastifyInstance, service: Service) => void;

/** Options of a route: its schemas, who may call it, and the problems it can answer with. */
export function route(options: {
  readonly id: string;
  readonly summary: string;
  readonly tag: string;
  readonly permission?: Permission;
  readonly limit?: number;
  readonly bucket?: string;
  readonly params?: TSchema;
  readonly query?: TSchema;
  readonly body?: TSchema;
  /** Bytes of the body at most. @default 1 MiB */
  readonly bodyLimit?: number;
  readonly reply?: TSchema;
  readonly status?: number;
}): RouteShorthandOptions {
  const problem = { description: "Problem", content: { "application/problem+json": { schema: { $ref: "Problem#" } } } };
  const open = options.permission === undefined;
  const withBody = options.body === undefined ? [] : [413, 415];
  const statuses = open ? [500, 503] : [400, 401, 403, 404, 409, 412, ...withBody, 429, 500, 503];
  return {
    ...(options.bodyLimit === undefined ? {} : { bodyLimit: options.bodyLimit }),
    config: { permission: options.permission, routeLimit: options.limit, bucket: options.bucket },
    schema: {
      operationId: options.id,
      summary: options.summary,
      tags: [options.tag],
      security: open ? [] : [{ apiKey: [] }],
      ...(options.params === undefined ? {} : { params: options.params }),
      ...(options.query === undefined ? {} : { querystring: options.query }),
      ...(options.body === undefined ? {} : { body: options.body }),
      response: {
        [options.status ?? 200]:
          options.reply === undefined
            ? { type: "null", description: "Nothing" }
            : { description: "The answer", ...options.reply },
        ...Object.fromEntries(statuses.map((status) => [status, problem])),
      },
    },
  };
}

/** The parts of a request after validation against the route's schemas. */
export const bodyOf = <T>(request: FastifyRequest) => request.body as T;
export const queryOf = <T>(request: FastifyRequest) => request.query as T;
export const idOf = (request: FastifyRequest) => (request.params as { id: string }).id;

/** A page out of rows read one beyond the limit: the cursor points behind the last row shown. */
export function pageOf<T extends { id: string }>(
  rows: readonly T[],
  limit: number,
  cursors: CursorCodec,
  purpose: string,
  at: (row: T) => Date,
): { items: readonly T[]; nextCursor: string | null } {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items, nextCursor: more ? cursors.encode(purpose, { at: at(last).toISOString(), id: last.id }) : null };
}

/** Where a page starts. @throws InputError for a cursor of another list */
export function cursorOf(cursors: CursorCodec, purpose: string, cursor: string | undefined) {
  if (cursor === undefined) return undefined;
  const { at, id } = cursors.decode(purpose, cursor);
  return { at: String(at), id: String(id) };
}
