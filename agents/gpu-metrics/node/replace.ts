import type { Logger } from "../../../runtime/logger";
import type { Fault } from "../gpu/health";
import type { Identity } from "./instance";

export interface ReplacementOptions {
  readonly identity: () => Identity | undefined;
  readonly log: Logger;
  /** Tells Auto Scaling; throws where it does not take it. @default SetInstanceHealth by the AWS SDK */
  readonly tell?: (identity: Identity) => Promise<void>;
  /** Milliseconds between two tries. @default 15000 */
  readonly retryMs?: number;
}

/**
 * Has the instance replaced after a fault that no restart mends: Auto Scaling is told that it is unhealthy, drains it through its
 * terminating hook and launches another. Told once; tried again until it is taken.
 */
export class Replacement {
  /** `no` until a fault is found. */
  state: "no" | "wanted" | "told" = "no";
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly options: ReplacementOptions) {}

  want(faults: readonly Fault[]): void {
    if (this.state !== "no" || faults.length === 0) return;
    this.state = "wanted";
    this.options.log.error({ faults }, "the instance is to be replaced");
    void this.tryNow();
  }

  stop(): void {
    clearTimeout(this.timer);
  }

  private async tryNow(): Promise<void> {
    const { identity, log, tell = setUnhealthy, retryMs = 15_000 } = this.options;
    const self = identity();
    try {
      if (self === undefined) throw new Error("the node does not know who it is yet");
      await tell(self);
      this.state = "told";
      log.warn({ instanceId: self.instanceId }, "Auto Scaling knows that the instance is unhealthy");
    } catch (error) {
      log.warn({ reason: (error as Error).message, retryMs }, "Auto Scaling could not be told; trying again");
      this.timer = setTimeout(() => void this.tryNow(), retryMs);
      this.timer.unref();
    }
  }
}

/** Needs the permission `autoscaling:SetInstanceHealth`. */
async function setUnhealthy({ instanceId, region }: Identity): Promise<void> {
  const { AutoScalingClient, SetInstanceHealthCommand } = await import("@aws-sdk/client-auto-scaling");
  const client = new AutoScalingClient({ region });
  try {
    await client.send(
      new SetInstanceHealthCommand({
        InstanceId: instanceId,
        HealthStatus: "Unhealthy",
        ShouldRespectGracePeriod: false,
      }),
    );
  } finally {
    client.destroy();
  }
}
