// The kit of services: a contract, what a service does, and one call that starts it (docs/services.md).
export { type Caller, requireOwn } from "./callers";
export { CallFailed, type Client, clientOf } from "./client";
export { type CursorCodec, pageOf } from "./cursors";
export { requireStored } from "./database";
export {
  type Call,
  defineService,
  type Environment,
  type EventHandler,
  type Handle,
  type Handlers,
  type Kit,
  type OwnDatabase,
  prepared,
  Reply,
  type RouteHandler,
  reply,
  type Service,
  type ServiceDatabase,
} from "./definition";
export type { Once } from "./idempotency";
export type { HeardEvent } from "./inbox";
export type { Counters } from "./limits";
export { notFound, Problem, problem, problemsOf, unavailable } from "./problems";
export { runService, runServiceCommand } from "./program";
export { type RunningService, type StartOptions, startService } from "./start";
export { newId, type Surroundings } from "./surroundings";
export { tracerOf } from "./tracing";
export { checkVersion, type Precondition } from "./versions";
