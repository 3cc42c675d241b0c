import { setTimeout as sleep } from "node:timers/promises";
import type { Imds, TargetLifecycleState } from "../../../runtime/imds";
import type { Logger } from "../../../runtime/logger";

/** What instance metadata says of the node's future. */
export interface MetadataSignals {
  readonly target: TargetLifecycleState | undefined;
  readonly interruptionAt: number | undefined;
  readonly rebalanceRecommended: boolean;
}

export const noMetadata: MetadataSignals = {
  target: undefined,
  interruptionAt: undefined,
  rebalanceRecommended: false,
};

/**
 * Asks instance metadata every two seconds for target lifecycle state, spot interruption and rebalance recommendation.
 * A question that fails keeps its last answer: metadata that is slow must not look like a change.
 */
export async function watchMetadata(
  imds: Imds,
  onSignals: (signals: MetadataSignals) => void | Promise<void>,
  logger: Logger,
  signal: AbortSignal,
  pollMs = 2_000,
): Promise<void> {
  let last = noMetadata;
  let failing = false;
  const ask = async <Answer>(question: Promise<Answer>, before: Answer): Promise<Answer> => {
    try {
      return await question;
    } catch (error) {
      if (!failing) logger.warn({ err: error }, "instance metadata does not answer; its last answers stand");
      failing = true;
      return before;
    }
  };
  while (!signal.aborted) {
    failing = failing && last === noMetadata;
    const [target, action, rebalance] = await Promise.all([
      ask(imds.targetLifecycleState(), last.target),
      ask(
        imds.spotInstanceAction().then((notice) => (notice ? Date.parse(notice.time) : undefined)),
        last.interruptionAt,
      ),
      ask(
        imds.rebalanceRecommendation().then((time) => time !== undefined),
        last.rebalanceRecommended,
      ),
    ]);
    last = { target, interruptionAt: action, rebalanceRecommended: rebalance };
    await onSignals(last);
    await sleep(pollMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}
