import { drainSeconds, lifecycleHooks } from "../contracts/node";
import type { TierSettings } from "./gpu-settings";

/** A lifecycle hook in plain values. */
export interface LifecycleHookSettings {
  readonly name: string;
  readonly lifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING" | "autoscaling:EC2_INSTANCE_TERMINATING";
  /** Seconds until the default result. */
  readonly heartbeatTimeout: number;
  readonly defaultResult: "ABANDON" | "CONTINUE";
}

/** Seconds that a terminating node is held: its drain, and what stopping the units takes after it. */
export const drainTimeoutSeconds = drainSeconds + 80;

/**
 * The two hooks of a tier. With a warm pool the same two hold the `Warmed:` states: a node on its way into the pool waits in
 * `Warmed:Pending:Wait` until it is prepared, in `Pending:Wait` when it leaves the pool for service, and in
 * `Warmed:Terminating:Wait` when the pool shrinks.
 * Source: EC2 Auto Scaling user guide, "Use lifecycle hooks with a warm pool".
 */
export function lifecycleHookSettings({ readyTimeoutSeconds }: TierSettings): readonly LifecycleHookSettings[] {
  return [
    {
      name: lifecycleHooks.launch,
      lifecycleTransition: "autoscaling:EC2_INSTANCE_LAUNCHING",
      heartbeatTimeout: readyTimeoutSeconds,
      defaultResult: "ABANDON",
    },
    {
      name: lifecycleHooks.terminate,
      lifecycleTransition: "autoscaling:EC2_INSTANCE_TERMINATING",
      heartbeatTimeout: drainTimeoutSeconds,
      defaultResult: "CONTINUE",
    },
  ];
}
