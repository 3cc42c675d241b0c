import type { IncomingHttpHeaders, Server } from "node:http";
import type { Readable } from "node:stream";
import type { Command } from "commander";
import type { FastifyInstance } from "fastify";
import type { z } from "zod";
import type { EventType } from "../../contracts/events/index";
import type { AnswerContract, RawAnswer, RouteContract, ServiceContract } from "../../contracts/services/define";
import type { Database, Session } from "../database/types";
import type { Logger } from "../logger";
import type { Setting, SettingValues } from "../settings";
import type { Caller, Callers } from "./callers";
import type { Client } from "./client";
import type { CursorCodec } from "./cursors";
import type { Once } from "./idempotency";
import type { HeardEvent } from "./inbox";
import type { KeyKind, KeyStore } from "./keys";
import type { Counters, Limits } from "./limits";
import type { ServiceMetrics } from "./metrics";
import type { EventData } from "./outbox";
import type { Problem } from "./problems";
import type { Surroundings } from "./surroundings";
import type { Traced } from "./tracing";
import type { Precondition } from "./versions";

export type Environment = Readonly<Record<string, string | undefined>>;

/** The database of a service, whose transactions have no scope. */
export type ServiceDatabase = Database<undefined>;

/** What the kit hands a service for as long as it runs. */
export interface Kit<Contract extends ServiceContract = ServiceContract, Settings = unknown, Clients = unknown> {
  readonly contract: Contract;
  readonly environment: Environment;
  readonly settings: Settings;
  readonly logger: Logger;
  /** Time, timers, chance and outgoing calls: never ask the process for them. */
  readonly around: Surroundings;
  /** Typed clients of the services that it calls. */
  readonly clients: Clients;
  readonly database: ServiceDatabase;
  readonly hasDatabase: boolean;
  readonly callers: Callers;
  readonly keys: KeyStore;
  readonly limits: Limits;
  /** Counts that all replicas share. */
  readonly counters: Counters;
  readonly metrics: ServiceMetrics;
  readonly cursors: CursorCodec;
  readonly traced: Traced;
  /** Why the service is not ready; undefined when it is. */
  notReady(): Promise<string | undefined>;
  /** True once new requests are refused. */
  readonly draining: boolean;
  /** Aborted when the time to end what is under way has passed. */
  readonly stopped: AbortSignal;
  /** Closes something when the service stops: what was opened last is closed first. */
  onClose(close: () => Promise<void> | void): void;
  /** Does work again and again, each time the milliseconds after it last ended; a failure is logged. Not before the service listens. */
  every(name: string, milliseconds: number, work: () => Promise<void>): void;
  /** Writes an event into the outbox, in the transaction of the change that it tells of. */
  emit<Type extends EventType>(
    session: Session,
    event: { readonly type: Type; readonly subject: string; readonly data: EventData<Type> },
  ): Promise<void>;
}

type Output<Schema> = Schema extends z.ZodType ? z.output<Schema> : undefined;

/** One request, as its handler gets it: checked, its caller known. */
export interface Call<Route extends RouteContract = RouteContract, State = unknown, K = Kit> {
  readonly params: Output<Route["params"]>;
  readonly query: Output<Route["query"]>;
  readonly body: Output<Route["body"]>;
  /** Bytes of the body as they came, where the route asks for them. */
  readonly bytes: Buffer;
  readonly headers: IncomingHttpHeaders;
  readonly caller: Caller;
  readonly requestId: string;
  readonly log: Logger;
  /** Aborted when the deadline passes, the caller goes, or the service stops. */
  readonly signal: AbortSignal;
  /** Milliseconds until the deadline. */
  leftMs(): number;
  /** What the write asks of the version of the document that it changes. */
  readonly precondition: Precondition;
  readonly state: State;
  readonly kit: K;
  /** What makes a write take effect once, for handlers with transactions of their own: set where the request has an `Idempotency-Key`. */
  readonly once: Once | undefined;
  /** The transaction of this write, committed when the handler returns and rolled back when it throws. Reads have none: see `read`. */
  readonly session: Session;
  /** Runs work in a transaction of its own. */
  read<T>(work: (session: Session) => Promise<T>): Promise<T>;
}

/** A value as it may be given for an answer: a Date goes over the wire as text. */
export type Answerable<Value> = string extends Value
  ? Value | Date
  : Value extends readonly (infer Item)[]
    ? readonly Answerable<Item>[]
    : Value extends object
      ? { readonly [Key in keyof Value]: Answerable<Value[Key]> }
      : Value;

type Content<Answer extends AnswerContract> = Answer extends z.ZodType
  ? Answerable<z.input<Answer>>
  : Answer extends RawAnswer
    ? Readable | AsyncIterable<string | Uint8Array> | Buffer | string
    : undefined;

/** An answer with more than its body. */
export class Reply<Body = unknown> {
  constructor(
    readonly body: Body,
    readonly options: {
      /** @default the first status of the contract */
      readonly status?: number;
      /** Version of the document in the body: its `ETag`. */
      readonly version?: number | string;
      readonly headers?: Readonly<Record<string, string>>;
    },
  ) {}
}

export const reply = <Body>(body: Body, options: Reply["options"]): Reply<Body> => new Reply(body, options);

type Contents<Route extends RouteContract> = {
  [Status in keyof Route["answers"]]: Route["answers"][Status] extends AnswerContract
    ? Content<Route["answers"][Status]>
    : never;
}[keyof Route["answers"]];

/** What a handler returns: the body of an answer, or a reply. */
export type Result<Route extends RouteContract> =
  | Contents<Route>
  | Reply<Contents<Route>>
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler without an answer returns nothing at all.
  | (undefined extends Contents<Route> ? void : never);

export type Handle<Route extends RouteContract, State = unknown, K = Kit> = (
  call: Call<Route, State, K>,
) => Result<Route> | Promise<Result<Route>>;

/** A handler that asks others before its transaction begins: no connection is held while it waits for them. */
export interface PreparedHandler<Route extends RouteContract, State, K, Prepared> {
  prepare(call: Omit<Call<Route, State, K>, "session">): Promise<Prepared>;
  handle(call: Call<Route, State, K> & { readonly prepared: Prepared }): Result<Route> | Promise<Result<Route>>;
}

/** States a handler with a part before its transaction. */
export function prepared<Route extends RouteContract, State, K, Prepared>(
  handler: PreparedHandler<Route, State, K, Prepared>,
): Handler<Route, State, K> {
  return handler as PreparedHandler<Route, State, K, unknown>;
}

export type Handler<Route extends RouteContract, State = unknown, K = Kit> =
  | Handle<Route, State, K>
  | PreparedHandler<Route, State, K, unknown>;

/** The handler of a route by its name: `const getEngine: RouteHandler<typeof contract, "getEngine"> = (call) => ...`. */
export type RouteHandler<
  Contract extends ServiceContract,
  Name extends keyof Contract["routes"],
  State = unknown,
> = Handle<Contract["routes"][Name], State>;

export type Handlers<Contract extends ServiceContract, State, K> = {
  readonly [Name in keyof Contract["routes"]]: Handler<Contract["routes"][Name], State, K>;
};

type ClientsOf<Contracts extends Readonly<Record<string, ServiceContract>>> = {
  readonly [Name in keyof Contracts]: Client<Contracts[Name]>;
};

/** What hears an event; its effect and the note that it was applied are one transaction. */
export type EventHandler<Type extends EventType, State, K> = (heard: {
  readonly event: HeardEvent<Type>;
  readonly session: Session;
  readonly state: State;
  readonly kit: K;
}) => Promise<void>;

export type EventHandlers<Contract extends ServiceContract, State, K> = {
  readonly [Type in Contract["hears"][number] & EventType]: EventHandler<Type, State, K>;
};

/** A service: its contract with what it does. */
export interface ServiceDefinition<
  Contract extends ServiceContract,
  Settings extends Readonly<Record<string, Setting>>,
  Clients extends Readonly<Record<string, ServiceContract>>,
  State,
> {
  /** Settings of its own, each an option and a variable (`SERVICE_NAME_...`). */
  readonly settings?: Settings;
  /** Prefix of its own variables. @default the service's name */
  readonly prefix?: string;
  /** What the program is called on the command line. @default the service's name */
  readonly program?: string;
  /** Folder of its migrations; MIGRATIONS_DIR comes first. Needed with a database. */
  readonly migrations?: string;
  /** Contracts of the services that it calls, by the name of the client. */
  readonly calls?: Clients;
  /** What its API keys have beside those of every service. */
  readonly keys?: Partial<Omit<KeyKind, "prefix" | "scopes">>;
  /** Serves without a database where none is named, and while its own is away; only the environment's own key is known then. @default false */
  readonly databaseOptional?: boolean;
  /** A database that is not the usual one. */
  readonly ownDatabase?: OwnDatabase;
  /** Counts of limits elsewhere than in the database. */
  readonly counters?: (kit: Kit) => Counters | undefined;
  /** Opens what handlers work with; it is closed by what `kit.onClose` was given. */
  readonly open?: (kit: Kit<Contract, SettingValues<Settings>, ClientsOf<Clients>>) => Promise<State> | State;
  /** Why it is not ready, beside its database. */
  readonly notReady?: (state: State) => Promise<string | undefined> | string | undefined;
  /** What its health path says beside that it is alive. */
  readonly health?: (state: State) => Readonly<Record<string, string>>;
  /** Handlers of its routes; absent where it brings a server of its own. */
  readonly handlers?: Handlers<Contract, State, Kit<Contract, SettingValues<Settings>, ClientsOf<Clients>>>;
  /** A server of its own, for a service whose answers the kit's framework would slow down; it sees to routes and problems itself. */
  readonly server?: (state: State, kit: Kit<Contract, SettingValues<Settings>, ClientsOf<Clients>>) => Server;
  /** Handlers of the events that it hears. */
  readonly hears?: EventHandlers<Contract, State, Kit<Contract, SettingValues<Settings>, ClientsOf<Clients>>>;
  /** Adds to the HTTP framework what routes do not say: an upgrade to a WebSocket, for one. */
  readonly extend?: (app: FastifyInstance, state: State, kit: Kit) => Promise<void> | void;
  /** What a failure of the service's own kind tells its caller; undefined for one that the kit knows. */
  readonly problemOf?: (error: unknown) => Problem | undefined;
  /** Adds commands beside `serve`, `migrate`, `keys` and `openapi`. */
  readonly commands?: (program: Command) => void;
  /** The OpenAPI document of a service with a server of its own. @default printed from the contract */
  readonly openapi?: () => object;
}

/** How a service opens its database where that is not the usual way. */
export interface OwnDatabase {
  /** As the service, or as the owner of its schema for migrations. @throws InputError */
  open(
    environment: Environment,
    dataDir: string | undefined,
    as: "service" | "owner",
  ): Promise<ServiceDatabase | undefined>;
  /** Whether a folder has such a database. @default any folder that is not empty */
  holds?(folder: string): boolean;
  /** A role that owns nothing and must be let at the kit's tables. */
  readonly role?: string;
  /** False where handlers open their own transactions: `call.session` and `call.read` are not theirs then, and `Idempotency-Key` comes as `call.once`. @default true */
  readonly transactions?: boolean;
}

/** A service of any kind, as the kit starts it. */
export interface Service {
  readonly contract: ServiceContract;
  // biome-ignore lint/suspicious/noExplicitAny: the kit calls what the definition's own types have checked.
  readonly definition: ServiceDefinition<any, any, any, any>;
}

/** Puts a contract and what it does together. */
export function defineService<
  const Contract extends ServiceContract,
  Settings extends Readonly<Record<string, Setting>> = Record<never, never>,
  Clients extends Readonly<Record<string, ServiceContract>> = Record<never, never>,
  State = undefined,
>(contract: Contract, definition: ServiceDefinition<Contract, Settings, Clients, State>): Service {
  return { contract, definition };
}
