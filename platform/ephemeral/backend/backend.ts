import type { LockHolder, StackRecord } from "../decisions";

/** What an update came to. */
export type Update =
  | { readonly outcome: "done" }
  | { readonly outcome: "failed"; readonly message: string; readonly log: string }
  | { readonly outcome: "locked"; readonly holders: readonly LockHolder[]; readonly message: string };

/** The state backend with its stacks, and the updates of them: what of Pulumi these commands use. */
export interface Backend {
  /** Every stack of the project, long-lived ones included. @throws InputError where the backend cannot be reached. */
  list(): Promise<StackRecord[]>;
  /** One stack as it is now; undefined where there is none. */
  read(name: string): Promise<StackRecord | undefined>;
  /** Makes a stack that is not there. */
  create(name: string): Promise<void>;
  /** Sets tags, one after the other. */
  setTags(name: string, tags: Readonly<Record<string, string>>): Promise<void>;
  /** Sets plain config, `namespace:path.to.key` to text. */
  setConfig(name: string, config: Readonly<Record<string, string>>): Promise<void>;
  up(name: string): Promise<Update>;
  destroy(name: string): Promise<Update>;
  /** Gives a lock back that its holder left behind. */
  breakLock(name: string): Promise<void>;
  /** Removes a stack that holds nothing, with its history. */
  remove(name: string): Promise<void>;
  /** The stack's plain outputs; secret ones are left out. */
  outputs(name: string): Promise<Readonly<Record<string, unknown>>>;
}
