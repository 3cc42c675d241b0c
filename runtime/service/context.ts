import { AsyncLocalStorage } from "node:async_hooks";

/** What calls to other services take along from the request that they are made for. */
export interface CurrentCall {
  readonly requestId: string;
  readonly signal: AbortSignal;
  leftMs(): number;
}

const storage = new AsyncLocalStorage<CurrentCall>();

/** Runs a handler; what it calls knows its deadline and its request id. */
export const inCall = <T>(call: CurrentCall, work: () => T): T => storage.run(call, work);

/** The request that is being handled; undefined outside of one. */
export const currentCall = (): CurrentCall | undefined => storage.getStore();
