/** Tag keys that programs read back: the reaper of ephemeral stacks, the agents on a node, and people in the cost explorer. */
export const tagKeys = {
  project: "Project",
  stack: "Stack",
  managedBy: "ManagedBy",
  /** GPU tier of a node; read by the node's agents from instance metadata. */
  tier: "Tier",
  /** RFC 3339 time after which an ephemeral stack may be reaped, or `never`. */
  expires: "ExpiresAt",
  /** Who brought an ephemeral stack up. */
  owner: "Owner",
} as const;

/** Value of the project tag on everything that this program makes. */
export const projectTag = "game-ai-platform";
