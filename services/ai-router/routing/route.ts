import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import type { GpuTier } from "../../../contracts/archetypes";
import { RequestError } from "../../../runtime/openai/errors";
import { attempt, type Call, isTooLong, type Outcome } from "./attempt";
import type { Verdict } from "./breaker";
import { tierForBudget, tierOrder } from "./choose";
import { fairMs, patienceMs } from "./patience";
import type { Tier } from "./tier";
import { type Usage, usageOfAnswer } from "./usage";

/** How requests are spread over tiers. */
export interface RouteOptions {
  readonly hedgeMs: number;
  readonly wakeSeconds: number;
  readonly retryAfterSeconds: number;
  readonly stallSeconds: number;
}

/** What became of a request that was answered. */
export interface Routed {
  readonly tier: GpuTier;
  readonly status: number;
  readonly usage: Usage;
  /** Set when the stream broke off after it had begun. */
  readonly failure?: string;
  /** The whole answer, where it was not streamed. */
  readonly body?: string;
}

/** Nobody can answer now. */
export class Unavailable extends Error {
  override readonly name = "Unavailable";
  constructor(
    readonly status: 429 | 503,
    readonly code: "tier_waking" | "tier_loading" | "overloaded" | "tier_failing",
    message: string,
    readonly retryAfterSeconds: number,
  ) {
    super(message);
  }
}

/** How often a tier is asked again, by what came of asking it. */
const retries: Readonly<Partial<Record<Outcome["kind"], number>>> = { broken: 1, leaving: 3 };
/** Milliseconds before a tier is asked again whose node was leaving, times the number of tries. */
const leavingMs = 100;

/** Milliseconds between two looks at a tier that wakes. */
const wakePollMs = 1_000;

/**
 * Sends a request to the tier that fits its budget, and to the other one when that is full, failing or asleep. It is tried again only
 * while nothing has gone to the client. A tier without a node counts the request as waiting, which wakes it.
 * @throws Unavailable when no tier answers; RequestError 504 when the signal's deadline passes
 */
export async function route(
  tiers: readonly Tier[],
  call: Call,
  budgetMs: number | undefined,
  options: RouteOptions,
  response: ServerResponse,
  signal: AbortSignal,
  onChunk?: (chunk: Buffer) => void,
): Promise<Routed> {
  const wanted = tierForBudget(budgetMs);
  const wantedTier = tiers.find(({ tier }) => tier === wanted) ?? tiers[0]!;
  wantedTier.wanted += 1;
  const reasons = new Map<GpuTier, Outcome>();
  const holdUntil = performance.now() + options.wakeSeconds * 1000;
  let countedUntil = 0;
  for (;;) {
    const order = tierOrder(
      budgetMs,
      tiers.map((tier) => tier.view(call.model)),
    ).map((name) => tiers.find(({ tier }) => tier === name)!);
    const routed = await askInOrder(order, reasons);
    if (routed !== undefined) return routed;
    const comes = coming.has(reasons.get(wantedTier.tier)?.kind);
    if (!comes || performance.now() >= holdUntil) throw refusal();
    await sleep(wakePollMs, undefined, { signal }).catch(() => endedBy(signal));
  }

  async function askInOrder(order: readonly Tier[], seen: Map<GpuTier, Outcome>) {
    const asked = new Set<Tier>();
    for (const tier of order) {
      if (asked.has(tier)) continue;
      const rival = order.find((other) => other !== tier && !asked.has(other));
      for (const { outcome, by } of await raceFor(tier, rival)) {
        asked.add(by);
        if (outcome.kind === "streamed") return { tier: by.tier, status: 200, ...outcome };
        if (outcome.kind === "answered") return deliver(by, outcome);
        if (signal.aborted) endedBy(signal);
        seen.set(by.tier, outcome);
        if (outcome.kind === "absent" && by === wantedTier) countWaiting();
      }
    }
    return undefined;
  }

  /** Once, and again each time that its count runs out while it is held. */
  function countWaiting(): void {
    const { waiting } = wantedTier;
    const now = performance.now();
    if (now < countedUntil - wakePollMs) return;
    countedUntil = now + waiting.retryAfterMs;
    waiting.tell();
  }

  /** Milliseconds of silence after which a rival is asked as well; undefined: never. */
  function hedgeAfter(tier: Tier, rival: Tier | undefined): number | undefined {
    if (rival === undefined) return undefined;
    // The patience of one caller is no reason to send work to a tier that has no room for it.
    const left = rival.view(call.model).busy
      ? undefined
      : patienceMs(budgetMs, call.endsAt - performance.now(), call.effort, tier.limits);
    const chosen = [left, options.hedgeMs > 0 ? options.hedgeMs : undefined].filter((ms) => ms !== undefined);
    return chosen.length === 0 ? undefined : Math.min(...chosen);
  }

  /** One tier, and after the hedge's time another one beside it; the first to send a byte wins. @returns What each that was asked did, the winner first */
  async function raceFor(tier: Tier, rival: Tier | undefined): Promise<readonly Asked[]> {
    const hedgeMs = hedgeAfter(tier, rival);
    if (rival === undefined || hedgeMs === undefined)
      return [{ outcome: await askAgain(tier, signal, () => true), by: tier }];
    const racing = new Map<Tier, AbortController>();
    let winner: Tier | undefined;
    const wins = (candidate: Tier): boolean => {
      winner ??= candidate;
      if (winner !== candidate) return false;
      for (const [other, controller] of racing) if (other !== candidate) controller.abort();
      return true;
    };
    const run = async (candidate: Tier): Promise<Asked> => {
      const controller = new AbortController();
      racing.set(candidate, controller);
      const outcome = await askAgain(candidate, AbortSignal.any([signal, controller.signal]), () => wins(candidate));
      if (outcome.kind === "answered" && !wins(candidate)) return { outcome: { kind: "ended" }, by: candidate };
      return { outcome, by: candidate };
    };
    const first = run(tier);
    const waited = new AbortController();
    const early = await Promise.race([
      first,
      sleep(hedgeMs, undefined, { signal: waited.signal }).catch(() => undefined),
    ]);
    waited.abort();
    if (early !== undefined || winner !== undefined) return [await first];
    const results = await Promise.all([first, run(rival)]);
    return results.sort((a, b) => usefulness(b) - usefulness(a));
  }

  /** A node that broke or leaves before its first byte is no reason to refuse: the load balancer knows another. */
  async function askAgain(tier: Tier, ended: AbortSignal, wins: () => boolean): Promise<Outcome> {
    for (let tries = 1; ; tries++) {
      const outcome = await ask(tier, ended, wins);
      if (tries > (retries[outcome.kind] ?? 0) || tier.breaker.state !== "closed" || ended.aborted) return outcome;
      if (outcome.kind === "leaving")
        await sleep(leavingMs * tries, undefined, { signal: ended }).catch(() => undefined);
    }
  }

  async function ask(tier: Tier, ended: AbortSignal, wins: () => boolean): Promise<Outcome> {
    const leave = tier.breaker.enter();
    if (leave === false) return { kind: "broken", reason: "its circuit breaker is open" };
    tier.inFlight += 1;
    const startedAt = performance.now();
    const heardBefore = tier.heard;
    let seen: Verdict = "undecided";
    try {
      const claim = (by: Tier, headers: IncomingHttpHeaders): boolean => {
        if (!wins()) return false;
        writeHead(by, 200, headers);
        return true;
      };
      const stallMs = options.stallSeconds * 1000;
      const delivery = { response, claim, stallMs, onChunk };
      let outcome = await attempt(tier, call, delivery, ended);
      while (isTooLong(outcome) && call.shorten?.()) outcome = await attempt(tier, call, delivery, ended);
      const waitedMs = performance.now() - startedAt;
      seen = verdictOn(outcome, tier.heard === heardBefore && waitedMs >= blameAfter(tier, ended));
      if (outcome.kind === "busy") tier.isBusy(outcome.retryAfterSeconds);
      if (outcome.kind === "answered" || outcome.kind === "streamed") tier.waiting.clear();
      return outcome;
    } finally {
      leave(seen);
      tier.inFlight -= 1;
    }
  }

  /** Milliseconds of silence for which a tier is blamed: what is fair to any, or the budget's where another tier was faster. */
  function blameAfter({ limits }: Tier, ended: AbortSignal): number {
    const lostRace = ended.aborted && !signal.aborted;
    const patience = lostRace && budgetMs !== undefined ? patienceMs(budgetMs, 0, call.effort, limits) : undefined;
    return Math.min(patience ?? Number.POSITIVE_INFINITY, fairMs(call.effort, limits));
  }

  function deliver(tier: Tier, { status, headers, body }: Extract<Outcome, { kind: "answered" }>): Routed {
    writeHead(tier, status, headers, Buffer.byteLength(body));
    response.end(body);
    return { tier: tier.tier, status, body, usage: usageOfAnswer(body) ?? { prompt: 0, completion: 0 } };
  }

  function writeHead(tier: Tier, status: number, headers: IncomingHttpHeaders, length?: number): void {
    const passed = Object.entries(headers).filter(([name]) => name.startsWith("x-inference-host-"));
    const spilled = tier !== wantedTier && { "x-ai-router-spill": `${wanted}; reason=${whyNot(wantedTier)}` };
    response.writeHead(status, {
      ...Object.fromEntries(passed),
      "content-type": headers["content-type"] ?? "application/json",
      ...(length === undefined
        ? { "cache-control": "no-cache", "x-accel-buffering": "no" }
        : { "content-length": length }),
      "x-ai-router-tier": tier.tier,
      "x-ai-router-node-usd-hour": String(tier.nodeUsdPerHour),
      ...spilled,
    });
  }

  function whyNot(tier: Tier): string {
    const seen = reasons.get(tier.tier);
    if (seen !== undefined) return seen.kind;
    const { admits, silent, busy, holds } = tier.view(call.model);
    return silent ? "silent" : !admits ? "failing" : busy ? "busy" : holds === false ? "adapter" : "slow";
  }

  /** Says what each tier is known to be, and when to come again: soon while one is only full. */
  function refusal(): Unavailable {
    const message = tiers.map((tier) => `${tier.tier} ${stateOf(tier, reasons.get(tier.tier))}`).join("; ");
    const first = reasons.get(wantedTier.tier);
    if (first?.kind === "absent") return new Unavailable(503, "tier_waking", message, options.retryAfterSeconds);
    const busy = [...reasons.values()].filter((outcome) => outcome.kind === "busy");
    if (busy.length > 0) {
      const seconds = Math.min(...busy.map(({ retryAfterSeconds }) => retryAfterSeconds ?? 1));
      return new Unavailable(429, "overloaded", message, Math.max(1, seconds));
    }
    if (first?.kind === "loading") {
      return new Unavailable(503, "tier_loading", message, first.retryAfterSeconds ?? failingSeconds);
    }
    return new Unavailable(503, "tier_failing", message, failingSeconds);
  }
}

/** Seconds after which a client may ask again where nothing better is known. */
const failingSeconds = 5;
/** What a tier is in when waiting for it is of use: its first node is launched, or loads its model. */
const coming: ReadonlySet<Outcome["kind"] | undefined> = new Set<Outcome["kind"]>(["absent", "loading"]);

/** What is known of a tier that did not answer. */
function stateOf({ group }: Tier, outcome: Outcome | undefined): string {
  switch (outcome?.kind) {
    case "absent":
      return group === undefined
        ? "has no node in service"
        : "has no node in service yet: this request counts as waiting for one";
    case "loading":
      return `has a node that is not ready (${outcome.said})`;
    case "busy":
      return `is full (${outcome.said})`;
    case "leaving":
      return "has only a node that is shutting down";
    default:
      return outcome === undefined ? "is left alone after failing several times" : "does not answer";
  }
}

const verdicts = {
  answered: "success",
  streamed: "success",
  busy: "success",
  loading: "undecided",
  leaving: "undecided",
  absent: "undecided",
  broken: "failure",
  silent: "silence",
  ended: "undecided",
} as const satisfies Record<Outcome["kind"], Verdict>;

/** @param silent Nobody has heard of the tier for as long as it may be blamed for */
function verdictOn(outcome: Outcome, silent: boolean): Verdict {
  if (outcome.kind === "ended" && silent) return "silence";
  if (outcome.kind === "streamed" && outcome.failure !== undefined) return outcome.idle ? "silence" : "undecided";
  return verdicts[outcome.kind];
}

interface Asked {
  readonly outcome: Outcome;
  readonly by: Tier;
}

const usefulness = ({ outcome }: Asked): number =>
  outcome.kind === "streamed" || outcome.kind === "answered" ? 2 : outcome.kind === "ended" ? 0 : 1;

function endedBy(signal: AbortSignal): never {
  throw signal.reason instanceof Error
    ? signal.reason
    : new RequestError(504, "The request's deadline has passed.", null, "deadline_exceeded", "timeout_error");
}
