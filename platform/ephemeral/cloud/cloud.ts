import type { TaggedResource } from "../decisions";

/** What became of one resource that was to go. */
export type Removal = "removed" | "gone" | "started" | { readonly waits: string };

/** A quota of an account and how much of it is in use; `used` is absent where AWS does not count it cheaply. */
export interface QuotaReading {
  readonly value: number;
  readonly used?: number;
}

/** The account that ephemeral stacks are in, as far as these commands ask it. */
export interface Cloud {
  readonly region: string;
  /** @throws InputError without valid credentials. */
  identity(): Promise<{ readonly account: string }>;
  /** Everything that carries the tags of ephemeral stacks, or of one. */
  find(stack?: string): Promise<TaggedResource[]>;
  /** Removes one resource; what the cloud refuses until another has gone `waits`. @throws Error for any other refusal. */
  remove(resource: TaggedResource): Promise<Removal>;
  /** Order of removal, lowest first. */
  orderOf(resource: TaggedResource): number;
  /** Puts a tag on resources; those that are gone meanwhile are passed over. */
  tag(resources: readonly TaggedResource[], key: string, value: string): Promise<void>;
  /** Quotas by their code; one that the account does not tell is absent. */
  quotas(codes: readonly string[]): Promise<ReadonlyMap<string, QuotaReading>>;
}
