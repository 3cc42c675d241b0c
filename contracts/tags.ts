/** Tag keys that programs read back: the reaper of ephemeral stacks, the agents on a node, and people in the cost explorer. */
export const tagKeys = {
  project: "Project",
  stack: "Stack",
  managedBy: "ManagedBy",
  /** GPU tier of a node; read by the node's agents from instance metadata. */
  tier: "Tier",
  /** ISO 8601 time after which an ephemeral stack may be reaped. */
  expires: "ExpiresAt",
} as const;
