import * as aws from "@pulumi/aws";
import { tagKeys } from "../contracts/tags";
import type { StackConfig } from "./config";

/** The tags of everything a stack makes. */
export function platformTags({ stack }: Pick<StackConfig, "stack">): Record<string, string> {
  return { [tagKeys.managedBy]: "pulumi", [tagKeys.project]: "game-ai-platform", [tagKeys.stack]: stack };
}

/** The provider of a stack's resources, which puts the platform's tags on every one that can carry tags. */
export function taggingProvider(config: Pick<StackConfig, "stack" | "region">): aws.Provider {
  return new aws.Provider("aws", {
    region: config.region as aws.Region,
    defaultTags: { tags: platformTags(config) },
  });
}
