import type * as pulumi from "@pulumi/pulumi";
import { checkQuotas } from "../components/gpu-checks";
import { GpuLoadBalancer } from "../components/gpu-load-balancer";
import { reportFindings } from "../components/gpu-report";
import { resolveTier } from "../components/gpu-settings";
import { GpuTier } from "../components/gpu-tier";
import { type GpuTier as GpuTierName, gpuTiers, type RegistryDocument } from "../contracts/archetypes";
import { sharedParameters } from "../contracts/shared-parameters";
import type { GpuConfig } from "./gpu-schema";
import { sharedParameter } from "./shared-parameter";

export interface GpuNodesArgs {
  readonly config: GpuConfig;
  readonly stack: string;
  readonly production: boolean;
  /** Archetypes and chains of the stack's own. */
  readonly registry: RegistryDocument | undefined;
  readonly vpcId: pulumi.Input<string>;
  readonly subnetIds: pulumi.Input<string[]>;
  /** Topic that is told about nodes that fail to launch or to terminate. */
  readonly alertsTopicArn: pulumi.Input<string>;
  readonly tags: Readonly<Record<string, pulumi.Input<string>>>;
}

export interface GpuNodes {
  readonly loadBalancer: GpuLoadBalancer;
  readonly tiers: Partial<Record<GpuTierName, GpuTier>>;
}

/** The GPU tiers that the config declares, behind one internal load balancer; undefined when it declares none. */
export function gpuNodes(args: GpuNodesArgs, opts: pulumi.ComponentResourceOptions): GpuNodes | undefined {
  const { config } = args;
  const where = `Pulumi.${args.stack}.yaml, key game-ai-platform:gpu`;
  const declared = gpuTiers.flatMap((tier) => {
    const given = config[tier];
    return given === undefined ? [] : [resolveTier(tier, given, args.registry)];
  });
  if (declared.length === 0) return undefined;
  reportFindings(checkQuotas(declared, config.quotas), "gpu", where);

  const invoke = { provider: opts.provider };
  const imageId = sharedParameter(sharedParameters.gpuImage, invoke);
  const release = sharedParameter(sharedParameters.gpuImageRelease, invoke);
  const modelBucket = sharedParameter(sharedParameters.modelBucket, invoke);
  const loadBalancer = new GpuLoadBalancer(
    "gpu",
    { vpcId: args.vpcId, subnetIds: args.subnetIds, protect: args.production },
    opts,
  );
  const tiers = Object.fromEntries(
    declared.map((settings) => [
      settings.tier,
      new GpuTier(
        `gpu-${settings.tier}`,
        {
          settings,
          vpcId: args.vpcId,
          subnetIds: args.subnetIds,
          loadBalancer,
          imageId,
          launch: release.apply((released) => released !== "none"),
          modelBucket,
          logDays: config.logDays ?? 30,
          tags: args.tags,
          alertsTopicArn: args.alertsTopicArn,
          forceDelete: !args.production,
          where,
        },
        opts,
      ),
    ]),
  );
  return { loadBalancer, tiers };
}
