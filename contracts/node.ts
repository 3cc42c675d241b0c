/**
 * What user data, the systemd units of the GPU image and the agents on a node must agree on.
 * Paths are absolute paths on the node.
 */
export const nodePaths = {
  /** The bundled agents: `<programs>/gpu-metrics.cjs`, `<programs>/inference-host.cjs`. */
  programs: "/opt/game-ai",
  /** Python environment that holds vLLM and nothing else. */
  engine: "/opt/game-ai/vllm",
  /** `EnvironmentFile` of every unit, written by user data at the first boot. */
  environment: "/etc/game-ai/node.env",
  /** The instance's NVMe disk, as the Deep Learning AMI mounts it; empty after every stop. */
  scratch: "/opt/dlami/nvme",
  /** Base weights, one folder per model. */
  models: "/opt/dlami/nvme/game-ai/models",
  /** Cache of adapter files, by checksum. */
  adapters: "/opt/dlami/nvme/game-ai/adapters",
} as const;

/** Lifecycle hooks of a tier's Auto Scaling group, by name; the inference host completes both. */
export const lifecycleHooks = {
  /** Holds a node out of service until its model answers; a node on its way to the warm pool until it is prepared. */
  launch: "node-ready",
  /** Holds a terminating node until its streams have ended. */
  terminate: "node-drained",
} as const;

/** Instance tag, readable in metadata, that Auto Scaling itself sets to the group's name. */
export const groupNameTag = "aws:autoscaling:groupName";

/**
 * Seconds that a draining node may finish its streams in. The load balancer's deregistration delay equals it, the terminating
 * hook and the unit's stop timeout are longer, and a spot notice (120 s) leaves room for it.
 */
export const drainSeconds = 100;

/** Version of node-llama-cpp on a node, for the inference host's check of itself: the one that package.json names and the tests run. */
export const llamaVersion = "3.21.1";
