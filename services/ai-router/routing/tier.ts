import { Agent, request } from "undici";
import { tierDefaults } from "../../../catalog/gpu-tiers";
import { type PriceId, prices } from "../../../catalog/prices";
import { type TierLimits, tierLimits } from "../../../catalog/serving-limits";
import type { GpuTier } from "../../../contracts/archetypes";
import { queueSeconds } from "../../../contracts/requests";
import type { RouterSettings, TierAddress } from "../settings";
import { CircuitBreaker } from "./breaker";
import type { TierView } from "./choose";
import { WaitingRequests } from "./waiting";

/** Milliseconds to connect to a load balancer in the same network. */
const connectMs = 2_000;
/** A tier that answered 429 or 503 without naming a time is left alone for this long. */
const busyMs = 1_000;

/** One GPU tier behind its load balancer, with what the router has seen of it. */
export class Tier {
  readonly tier: GpuTier;
  readonly url: string;
  readonly group: string | undefined;
  readonly breaker: CircuitBreaker;
  readonly waiting: WaitingRequests;
  readonly agent: Agent;
  /** US dollars an hour of one on-demand node, as the price table has it. */
  readonly nodeUsdPerHour: number;
  /** How long its nodes may be silent. */
  readonly limits: TierLimits;
  inFlight = 0;
  /** Requests that wanted this tier, whoever served them: what it is sized for. */
  wanted = 0;
  /** Grows with everything that it sends: a tier that others hear of is not silent. */
  heard = 0;
  #busyUntil = 0;
  /** Name of the base model, and the models that are not served by their own adapter. */
  #base: string | undefined;
  #fallbacks: ReadonlySet<string> = new Set();

  constructor(
    address: TierAddress,
    options: RouterSettings,
    private readonly now: () => number,
  ) {
    this.tier = address.tier;
    this.url = address.url;
    this.group = address.group;
    this.breaker = new CircuitBreaker({
      failures: options.breakerFailures,
      openMs: options.breakerSeconds * 1000,
      now,
    });
    this.waiting = new WaitingRequests(options.retryAfterSeconds * 1000, now);
    this.agent = new Agent({ connect: { timeout: connectMs }, pipelining: 1 });
    this.limits = {
      ...tierLimits(address.tier, queueSeconds * 1000, options.slowness),
      ...(options.firstByteSeconds === undefined ? {} : { firstByteMs: options.firstByteSeconds * 1000 }),
      ...(options.idleSeconds === undefined ? {} : { idleMs: options.idleSeconds * 1000 }),
    };
    this.nodeUsdPerHour = prices[`ec2.${tierDefaults[address.tier].instanceTypes[0]}.on-demand` as PriceId].usd;
  }

  view(model: string): TierView {
    return {
      tier: this.tier,
      admits: this.breaker.admits,
      silent: this.breaker.silent,
      busy: this.now() < this.#busyUntil,
      holds: this.#base === undefined ? undefined : !this.#fallbacks.has(model),
    };
  }

  /** The name that the tier's nodes know a model by: `base` stands for whatever base model each tier has. */
  nameOf(model: string): string {
    return model === "base" ? (this.#base ?? model) : model;
  }

  /** The tier said that it is full. @param seconds What its Retry-After says */
  isBusy(seconds: number | undefined): void {
    this.#busyUntil = this.now() + (seconds === undefined ? busyMs : Math.min(seconds, 5) * 1000);
  }

  /** Reads which models the tier's nodes hold. Failing says nothing: requests tell whether a tier answers. */
  async lookAtModels(): Promise<readonly ModelCard[]> {
    const { statusCode, body } = await request(`${this.url}/v1/models`, {
      dispatcher: this.agent,
      headersTimeout: 5_000,
      bodyTimeout: 5_000,
    });
    const text = await body.text();
    if (statusCode !== 200) return [];
    const { data } = JSON.parse(text) as { data: ModelCard[] };
    this.#base = data.find(({ parent }) => parent === null)?.id;
    this.#fallbacks = new Set(data.filter(({ fallback }) => typeof fallback === "string").map(({ id }) => id));
    return data;
  }

  close(): Promise<void> {
    return this.agent.destroy();
  }
}

/** A model as the inference host lists it. */
export interface ModelCard {
  readonly id: string;
  readonly parent: string | null;
  readonly fallback?: string | null;
}
