/** The character archetypes that every GPU node can serve. */
export const archetypes = ["vampire", "werewolf", "zombie", "ghoul", "lich"] as const;
export type Archetype = (typeof archetypes)[number];

/** The tasks that each archetype has a LoRA adapter for. */
export const adapterTasks = [
  "personality",
  "dialogue_style",
  "action_policy",
  "emotional_response",
  "world_knowledge",
  "social_dynamics",
  "goal_prioritization",
] as const;
export type AdapterTask = (typeof adapterTasks)[number];

/** The model name under which clients ask for an archetype's adapter: `vampire/dialogue_style`. */
export type AdapterName = `${Archetype}/${AdapterTask}`;

/** All 35 adapter names, archetype by archetype. */
export const adapterNames: readonly AdapterName[] = archetypes.flatMap((archetype) =>
  adapterTasks.map((task): AdapterName => `${archetype}/${task}`),
);

/** The two tiers of GPU nodes. Gold holds the smallest, fastest model; Silver the larger one. */
export const gpuTiers = ["gold", "silver"] as const;
export type GpuTier = (typeof gpuTiers)[number];
