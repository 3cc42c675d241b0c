import { type GpuTier, productRegistry, type Registry } from "../../contracts/archetypes";
import type { LocalDecision, TierState } from "./state";

/** Programs of every node. */
export const nodePrograms: readonly string[] = ["inference-host", "gpu-metrics"];

/** The GPU tiers as they run on this machine. */
export interface LocalTiers {
  /** Where each tier's load balancer listens. */
  readonly urls: Readonly<Partial<Record<GpuTier, string>>>;
  /** Endpoint in the place of CloudWatch. */
  readonly awsEndpoint: string;
  /** Archetypes and chains that the nodes serve. */
  readonly registry: Registry;
  /** Name of the real model that they serve; absent for the toy. */
  readonly model?: string;
  states(): readonly TierState[];
  decisions(): readonly LocalDecision[];
  /** The output of a node's process, by name; undefined for a name that is none of a tier's. */
  logs(name: string): readonly string[] | undefined;
  /** Starts a program of every node again: `inference-host` or `gpu-metrics`. */
  restart(program: string): Promise<void>;
  /** Resolves when every tier has the nodes that it wants in service. */
  ready(): Promise<void>;
  stop(): Promise<void>;
}

/** Where a part is run without tiers: nothing answers, and what is published goes to a port that nobody listens at. */
export const withoutTiers: LocalTiers = {
  urls: {},
  awsEndpoint: "http://127.0.0.1:9",
  registry: productRegistry,
  states: () => [],
  decisions: () => [],
  logs: () => undefined,
  restart: () => Promise.resolve(),
  ready: () => Promise.resolve(),
  stop: () => Promise.resolve(),
};
