import type { z } from "zod";
import type { ProblemType } from "../problems";
import { type ListeningService, type ServiceAddress, serviceAddresses } from "./addresses";

/**
 * Who may call a route. `anyone`: no key is looked at. `player`: a token of the studio's issuer, whose subject is the player.
 * `operator`: a token of the same issuer with the operator's scope. `service`: the key that the stack hands to callers, or an API key
 * of the service; `service:SCOPE` asks an API key for that scope.
 */
export type Who = "anyone" | "player" | "operator" | "service" | `service:${string}`;

/** An answer that is not JSON: a stream or bytes of this media type; its content is the route's own affair. */
export interface RawAnswer {
  readonly mediaType: string;
}

/** What an answer of a status holds: a schema, bytes of a media type, or null for nothing. */
export type AnswerContract = z.ZodType | RawAnswer | null;

/** One route: all that its server checks, its clients are typed by and its document says. */
export interface RouteContract {
  readonly method: "GET" | "PUT" | "POST" | "PATCH" | "DELETE";
  /** As OpenAPI writes it: `/worlds/{id}`; a last segment `{rest*}` takes all that follows. */
  readonly path: `/${string}`;
  /** One sentence. */
  readonly summary: string;
  readonly who: readonly Who[];
  readonly params?: z.ZodObject;
  readonly query?: z.ZodObject;
  readonly body?: z.ZodType;
  /** Gives the handler the bytes of the body as they came, for a signature over them. @default false */
  readonly rawBody?: boolean;
  /** Answers by status, 2xx only: every refusal is a problem. */
  readonly answers: Readonly<Record<number, AnswerContract>>;
  /** Names of the problems that a caller should expect beside those that every route has. */
  readonly problems?: readonly string[];
  /** `If-Match` or `If-None-Match: *` on this write. @default not read */
  readonly precondition?: "required" | "accepted";
  /** `Idempotency-Key` on this write; every write of a service with a database takes one. @default "accepted" */
  readonly idempotencyKey?: "required" | "accepted";
  /** Bytes of a body at most. @default 262144 */
  readonly bodyLimit?: number;
  /** Requests per minute and caller, where fewer than the key's, counted together with the other routes of the bucket. @default the key's own limit, with all routes that name no bucket */
  readonly limit?: { readonly perMinute?: number; readonly bucket: string };
  /** Seconds that an answer may take where the caller sends no deadline. @default 15 */
  readonly answerSeconds?: number;
}

/** What a service is to others. */
export interface ServiceContract {
  readonly name: ListeningService;
  /** What people call it; unlike that of every other service. */
  readonly title: string;
  readonly version: string;
  /** One or two sentences. */
  readonly description: string;
  readonly address: ServiceAddress;
  /** Paths under which players reach it through the public edge. */
  readonly publicPaths: readonly string[];
  readonly database: boolean;
  readonly cache: boolean;
  /** Services that it calls. */
  readonly calls: readonly string[];
  /** Names of events (contracts/events) that it publishes. */
  readonly publishes: readonly string[];
  /** Names of events that it hears. */
  readonly hears: readonly string[];
  /** Hours that the first answer to a write with an `Idempotency-Key` is kept. @default 24 */
  readonly answersKeptHours: number;
  /** API keys of the service's own: what they begin with, and what they may be used for. */
  readonly keys: { readonly prefix: string; readonly scopes: readonly string[] };
  /** Problem types of the service's own. */
  readonly problems: Readonly<Record<string, ProblemType>>;
  readonly routes: Readonly<Record<string, RouteContract>>;
}

/** What a contract states; the rest has defaults. */
type Stated = Pick<ServiceContract, "name" | "title" | "version" | "description" | "keys" | "routes"> &
  Partial<Omit<ServiceContract, "address">>;

const defaults = {
  publicPaths: [],
  database: false,
  cache: false,
  calls: [],
  publishes: [],
  hears: [],
  answersKeptHours: 24,
  problems: {},
} as const;

/** States a service's contract; its port and health path come from the table of addresses. */
export function defineContract<const Given extends Stated>(given: Given): Given & Omit<ServiceContract, keyof Given> {
  return { ...defaults, address: serviceAddresses[given.name], ...given } as Given & Omit<ServiceContract, keyof Given>;
}

export function isRawAnswer(answer: AnswerContract): answer is RawAnswer {
  return answer !== null && "mediaType" in answer;
}

/** A stream or bytes in place of JSON. */
export const raw = <const MediaType extends string>(mediaType: MediaType) => ({ mediaType });
