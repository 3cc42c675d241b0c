/** What decides whether the node may speak for its group. */
export interface GateState {
  /** Target lifecycle state; undefined until it is known, and outside a group. */
  readonly lifecycle: string | undefined;
  /** The model answers and the host accepts work. */
  readonly ready: boolean;
  readonly draining: boolean;
  /** This agent has been told to stop. */
  readonly stopping: boolean;
}

export type GateVerdict =
  | { readonly open: true }
  | { readonly open: false; readonly reason: string; readonly errorsMayPass: boolean };

/**
 * A node speaks for its group only while it carries load: a booting or draining node that publishes zeros drags the average down
 * and hides the load of the others. Missing data never scales, so silence is safe.
 *
 * One thing passes while the node is in service and its model does not answer: a count of GPU errors above zero. The error that
 * took the model down would otherwise never be seen.
 */
export function judge(state: GateState): GateVerdict {
  const closed = (reason: string, errorsMayPass = false): GateVerdict => ({ open: false, reason, errorsMayPass });
  if (state.stopping) return closed("stopping");
  if (state.lifecycle === undefined) return closed("lifecycle state unknown");
  if (state.lifecycle !== "InService") return closed(`lifecycle state ${state.lifecycle}`);
  if (state.draining) return closed("draining");
  if (!state.ready) return closed("model not ready", true);
  return { open: true };
}
