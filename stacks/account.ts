import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { InputError } from "../contracts/input-error";
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

/**
 * The provider of a stack's resources, which puts the platform's tags on every one that can carry tags. An ephemeral stack may name
 * other endpoints in `aws:endpoints`, those of an emulator, whose made-up account nobody asks about.
 * @throws InputError where another stack names some.
 */
export function taggingProvider(config: StackConfig): aws.Provider {
  const endpoints = new pulumi.Config("aws").getObject<aws.types.input.ProviderEndpoint[]>("endpoints");
  if (endpoints !== undefined && config.kind !== "ephemeral") {
    throw new InputError({
      path: "aws:endpoints",
      given: endpoints,
      allowed: "nothing: only an ephemeral stack may be in an emulator",
      where: `Pulumi.${config.stack}.yaml`,
    });
  }
  return new aws.Provider("aws", {
    region: config.region as aws.Region,
    ...(endpoints && {
      endpoints,
      s3UsePathStyle: true,
      skipCredentialsValidation: true,
      skipMetadataApiCheck: true,
    }),
    defaultTags: { tags: platformTags(config) },
  });
}
