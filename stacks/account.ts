import * as aws from "@pulumi/aws";
import { projectTag, tagKeys } from "../contracts/tags";
import type { StackConfig } from "./config";

/** The tags of everything a stack makes; an ephemeral one's say how long it lives and whose it is. */
export function platformTags({ stack, ...config }: StackConfig): Record<string, string> {
  const lifetime = config.kind === "ephemeral" ? config.settings.lifetime : undefined;
  return {
    [tagKeys.managedBy]: "pulumi",
    [tagKeys.project]: projectTag,
    [tagKeys.stack]: stack,
    ...(lifetime && { [tagKeys.expires]: lifetime.expiresAt, [tagKeys.owner]: lifetime.owner }),
  };
}

/** The provider of a stack's resources, which puts the platform's tags on every one that can carry tags. */
export function taggingProvider(config: StackConfig): aws.Provider {
  return new aws.Provider("aws", {
    region: config.region as aws.Region,
    defaultTags: { tags: platformTags(config) },
  });
}
