import type { GpuTier, Registry } from "../../contracts/archetypes";

/**
 * What the platform on this machine shows of itself: one snapshot, made by the running platform and drawn by the terminal and by
 * the console page. Times are milliseconds since the epoch.
 */
export interface LocalState {
  readonly stack: string;
  readonly startedAt: number;
  /** True once everything that is realised answers. */
  readonly ready: boolean;
  readonly services: readonly ServiceState[];
  readonly tiers: readonly TierState[];
  /** The newest last, at most 500. */
  readonly decisions: readonly LocalDecision[];
  /** Resources of the stack that exist in the cloud only, by type. */
  readonly notRealised: readonly { readonly type: string; readonly count: number; readonly why: string }[];
  /** Load that the console's slider drives. */
  readonly load: LoadState;
}

export type ProcessStatus = "starting" | "healthy" | "unhealthy" | "restarting" | "stopping" | "stopped";

/** A service of the catalogue, or another part of the platform that runs here. */
export interface ServiceState {
  readonly name: string;
  readonly summary: string;
  /** `program`: its code is here; `stub`: a stand-in that says so; `embedded`: a part that lives in another one's process. */
  readonly kind: "program" | "stub" | "embedded";
  readonly status: ProcessStatus;
  readonly url?: string;
  readonly pid?: number;
  readonly restarts: number;
  readonly memoryMiB?: number;
}

/** One GPU tier: the Auto Scaling group, its nodes, and the metrics that its policies follow. */
export interface TierState {
  readonly tier: GpuTier;
  readonly group: string;
  /** Where the tier's load balancer listens. */
  readonly url: string;
  readonly min: number;
  /** The cap of this machine where that is less than the declared maximum. */
  readonly max: number;
  readonly declaredMax: number;
  readonly desired: number;
  readonly nodes: readonly NodeState[];
  readonly policies: readonly PolicyState[];
}

/** EC2 Auto Scaling's own words. */
export type Lifecycle =
  | "Pending"
  | "Pending:Wait"
  | "Pending:Proceed"
  | "InService"
  | "Terminating:Wait"
  | "Terminating:Proceed"
  | "Terminated";

export interface NodeState {
  /** Instance id, `i-local...`. */
  readonly id: string;
  readonly lifecycle: Lifecycle;
  /** Address of the node's inference host; absent while it has none. */
  readonly url?: string;
  readonly launchedAt: number;
  /** Requests that run and wait on it, by its own metrics. */
  readonly running: number;
  readonly queued: number;
  readonly memoryMiB?: number;
}

/** A declared scaling policy, with the series that it follows. */
export interface PolicyState {
  readonly name: string;
  readonly kind: "target-tracking" | "step";
  readonly metric: string;
  readonly unit: string;
  readonly target: number;
  /** State of the alarm that makes the group larger. */
  readonly alarm: "OK" | "ALARM" | "INSUFFICIENT_DATA";
  /** The datapoints of the last 15 minutes at most, oldest first; null where a period had none. */
  readonly points: readonly { readonly at: number; readonly value: number | null }[];
}

export interface LocalDecision {
  readonly at: number;
  readonly tier: GpuTier;
  /** `scale-out`, `scale-in`, `launch`, `in-service`, `drain`, `terminated`, `replaced`, ... */
  readonly kind: string;
  readonly from: number;
  readonly to: number;
  /** Alarm, metric, formula and result, in one line. */
  readonly note: string;
}

export interface LoadState {
  /** Simulated players; each asks for a turn every few seconds. 0 is no load. */
  readonly players: number;
  readonly requestsPerSecond: number;
  /** Of the last minute. */
  readonly answered: number;
  readonly refused: number;
  readonly p95Ms?: number;
}

/** What the console may ask of the running platform; its server is the only caller. */
export interface LocalControl {
  state(): LocalState;
  /** Archetypes and chains of the stack that runs. */
  registry(): Registry;
  /** Name of the real model that speaks; absent where the toy does. */
  readonly model?: string | undefined;
  /** Called after each change of the state, at most four times a second. Returns a function that ends it. */
  onChange(listener: () => void): () => void;
  /** The last lines of a service's or node's output, oldest first, at most 500. */
  logs(name: string): readonly string[];
  /** @throws InputError for a number outside 0 to 200. */
  setPlayers(players: number): void;
  /** Searches the canon, through the knowledge base's own API; the answer is its body, whatever its status. */
  search(query: string): Promise<{ readonly status: number; readonly body: unknown }>;
  /** Asks the router for a streamed turn of an archetype; the chunks are the text as it comes. */
  chat(turn: ChatTurn, signal: AbortSignal): AsyncIterable<ChatChunk>;
}

export interface ChatTurn {
  /** `archetype/task`, as the router names its models. */
  readonly model: string;
  readonly messages: readonly { readonly role: "user" | "assistant"; readonly content: string }[];
  /** Milliseconds until the first token that the player waits for: below 100 Gold is asked. @default Silver */
  readonly budgetMs?: number;
}

export type ChatChunk =
  | { readonly text: string }
  /** Sent first: the tier that answers, and the model that it names. */
  | { readonly tier: string; readonly model: string }
  | { readonly error: string; readonly status: number };
