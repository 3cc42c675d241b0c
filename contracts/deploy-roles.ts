import { ephemeralFamilies } from "./stack-names";

/**
 * The roles of jobs beside the build: which stacks each may touch or only look at, and the GitHub environment whose protection rules
 * guard it. `reap` removes what has expired at night, when nobody could approve; `plan` compares and can change nothing.
 */
export const deployRoles = {
  "deploy-dev": { stacks: ["dev"], environment: "dev", may: "change" },
  "deploy-ephemeral": { stacks: ephemeralFamilies, environment: "ephemeral", may: "change" },
  "deploy-prod": { stacks: ["prod"], environment: "prod", may: "change" },
  plan: { stacks: ["dev", "prod"], environment: "plan", may: "look" },
  reap: { stacks: ephemeralFamilies, environment: "reap", may: "change" },
} as const satisfies Readonly<
  Record<string, { stacks: readonly string[]; environment: string; may: "change" | "look" }>
>;
