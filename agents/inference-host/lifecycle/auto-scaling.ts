import type { HookKind } from "./decision";

/** What the node tells its group. */
export interface LifecycleActions {
  /** @returns false when no such action is waiting */
  complete(kind: HookKind): Promise<boolean>;
  /** Asks for more time. */
  heartbeat(kind: HookKind): Promise<void>;
  /** Says that the node is unhealthy: the group deregisters it from the load balancer, drains it by its hook and launches another. */
  leave(): Promise<void>;
}

export interface LifecycleActionOptions {
  readonly group: string;
  readonly instanceId: string;
  readonly region: string;
  readonly hooks: Readonly<Record<HookKind, string>>;
}

/** By the EC2 Auto Scaling API; the SDK is loaded here and not before. */
export async function openLifecycleActions(options: LifecycleActionOptions): Promise<LifecycleActions> {
  const {
    AutoScalingClient,
    CompleteLifecycleActionCommand,
    RecordLifecycleActionHeartbeatCommand,
    SetInstanceHealthCommand,
  } = await import("@aws-sdk/client-auto-scaling");
  const client = new AutoScalingClient({ region: options.region, maxAttempts: 5 });
  const names = (kind: HookKind) => ({
    AutoScalingGroupName: options.group,
    InstanceId: options.instanceId,
    LifecycleHookName: options.hooks[kind],
  });
  return {
    complete: async (kind) => {
      try {
        await client.send(new CompleteLifecycleActionCommand({ ...names(kind), LifecycleActionResult: "CONTINUE" }));
        return true;
      } catch (error) {
        if (isNoAction(error)) return false;
        throw error;
      }
    },
    heartbeat: async (kind) => {
      await client.send(new RecordLifecycleActionHeartbeatCommand(names(kind))).catch((error) => {
        if (!isNoAction(error)) throw error;
      });
    },
    leave: async () => {
      const unhealthy = { HealthStatus: "Unhealthy", ShouldRespectGracePeriod: false };
      await client.send(new SetInstanceHealthCommand({ InstanceId: options.instanceId, ...unhealthy }));
    },
  };
}

/** The API says ValidationError when no action of this name is waiting. */
function isNoAction(error: unknown): boolean {
  return error instanceof Error && error.name === "ValidationError" && /lifecycle action/i.test(error.message);
}
