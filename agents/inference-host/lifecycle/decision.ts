import type { TargetLifecycleState } from "../../../runtime/imds";

/** What is known of the node at one moment. */
export interface NodeSignals {
  /** The model has answered its probe since the host started. */
  readonly modelReady: boolean;
  /** Undefined outside an Auto Scaling group. */
  readonly target: TargetLifecycleState | undefined;
  /** Epoch milliseconds at which a spot instance is taken away. */
  readonly interruptionAt: number | undefined;
  readonly rebalanceRecommended: boolean;
  /** Why the model is not ready, where more is known than that it has not answered yet. */
  readonly whyNotReady?: string | undefined;
  /** Epoch milliseconds of SIGTERM or the operator's drain. */
  readonly stopAskedAt: number | undefined;
  /** The node has served in its group before. */
  readonly hasServed: boolean;
  /** Nothing is in flight. */
  readonly idle: boolean;
}

export type HookKind = "launch" | "terminate";

/** What the host does about it. */
export interface NodeDecision {
  /** New requests are taken. */
  readonly accepting: boolean;
  /** Undefined when ready, else why not. */
  readonly notReady: string | undefined;
  /** Requests in flight finish or are ended by `cutAt` (epoch milliseconds; undefined: whenever they end). */
  readonly drain: { readonly reason: string; readonly cutAt: number | undefined } | undefined;
  readonly deprioritised: boolean;
  /** The lifecycle action that may be completed now. */
  readonly completeHook: HookKind | undefined;
  /** The group is to take the node out of rotation and to replace it now, instead of when it finds it gone. */
  readonly leaveGroup: boolean;
}

export interface DrainTimes {
  /** Milliseconds that requests get after SIGTERM or the group's wish to terminate. */
  readonly drainMs: number;
  /** Milliseconds before a spot interruption at which streams are ended: field reports say the machine may go early. */
  readonly interruptionMarginMs: number;
}

/**
 * Decides from signals alone. A spot interruption or a wish to stop drains at once; a rebalance recommendation only makes
 * the node less wanted, since most of them are followed by no interruption; the warm pool's states keep a node that is ready
 * out of service, and its launch hook is completed there as well.
 */
export function decide(signals: NodeSignals, { drainMs, interruptionMarginMs }: DrainTimes, now: number): NodeDecision {
  const { target, interruptionAt, stopAskedAt, modelReady, idle } = signals;
  const leaving = target === "Terminated" || target === "Warmed:Terminated";
  const warm = target?.startsWith("Warmed:") === true && !leaving;
  const cuts = [
    ...(interruptionAt === undefined ? [] : [interruptionAt - interruptionMarginMs]),
    ...(stopAskedAt === undefined ? [] : [stopAskedAt + drainMs]),
    ...(leaving || (warm && signals.hasServed) ? [now + drainMs] : []),
  ];
  const reason =
    interruptionAt !== undefined
      ? "spot interruption"
      : stopAskedAt !== undefined
        ? "asked to stop"
        : leaving
          ? "the group terminates this node"
          : warm && signals.hasServed
            ? "the group returns this node to its warm pool"
            : undefined;
  const notReady =
    reason ??
    (!modelReady
      ? (signals.whyNotReady ?? "the model has not answered yet")
      : warm
        ? "in the warm pool"
        : target === "Standby"
          ? "on standby"
          : undefined);
  return {
    accepting: notReady === undefined,
    notReady,
    drain: reason === undefined ? undefined : { reason, cutAt: cuts.length === 0 ? undefined : Math.min(...cuts) },
    deprioritised: signals.rebalanceRecommended && reason === undefined,
    completeHook: hookFor(signals, leaving, warm, idle),
    leaveGroup: interruptionAt !== undefined && target === "InService",
  };
}

function hookFor(
  { target, modelReady, hasServed }: NodeSignals,
  leaving: boolean,
  warm: boolean,
  idle: boolean,
): HookKind | undefined {
  if (target === undefined) return undefined;
  if (leaving || (warm && hasServed)) return idle ? "terminate" : undefined;
  return modelReady && (warm || target === "InService") ? "launch" : undefined;
}
