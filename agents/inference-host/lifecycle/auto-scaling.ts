import type { HookKind } from "./decision";

/** Completes and prolongs lifecycle actions of this node. */
export interface LifecycleActions {
  /** @returns false when no such action is waiting */
  complete(kind: HookKind): Promise<boolean>;
  /** Asks for more time. */
  heartbeat(kind: HookKind): Promise<void>;
}

export interface LifecycleActionOptions {
  readonly group: string;
  readonly instanceId: string;
  readonly region: string;
  readonly hooks: Readonly<Record<HookKind, string>>;
}

/** Lifecycle actions by the EC2 Auto Scaling API; the SDK is loaded here and not before. */
export async function openLifecycleActions(options: LifecycleActionOptions): Promise<LifecycleActions> {
  const { AutoScalingClient, CompleteLifecycleActionCommand, RecordLifecycleActionHeartbeatCommand } = await import(
    "@aws-sdk/client-auto-scaling"
  );
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
  };
}

/** The API says ValidationError when no action of this name is waiting. */
function isNoAction(error: unknown): boolean {
  return error instanceof Error && error.name === "ValidationError" && /lifecycle action/i.test(error.message);
}
