import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { scalingBoundsProblem } from "../catalog/auto-scaling";
import { InputError } from "../contracts/input-error";

/** Percent of the task's own CPU and memory that scaling keeps to, and seconds between two changes of either direction. */
export const serviceScaling = { cpu: 60, memory: 75, scaleOutCooldown: 60, scaleInCooldown: 300 } as const;

const signals = {
  cpu: "ECSServiceAverageCPUUtilization",
  memory: "ECSServiceAverageMemoryUtilization",
} as const;

/**
 * Scales a service's tasks by CPU and memory; whichever asks for more tasks wins.
 * @throws InputError when there is no room between minimum and maximum.
 */
export function createScaling(
  parent: pulumi.Resource,
  name: string,
  args: {
    readonly clusterName: pulumi.Input<string>;
    readonly serviceName: pulumi.Input<string>;
    readonly min: number;
    readonly max: number;
  },
): void {
  const problem = scalingBoundsProblem(args.min, args.max);
  if (problem !== undefined) {
    throw new InputError({
      path: `services.${name}.tasks.max`,
      ...problem,
      where: "stacks/service-catalogue.ts or game-ai-platform:services",
    });
  }
  const target = new aws.appautoscaling.Target(
    `${name}-tasks-range`,
    {
      serviceNamespace: "ecs",
      scalableDimension: "ecs:service:DesiredCount",
      resourceId: pulumi.interpolate`service/${args.clusterName}/${args.serviceName}`,
      minCapacity: args.min,
      maxCapacity: args.max,
    },
    { parent },
  );
  for (const signal of ["cpu", "memory"] as const) {
    new aws.appautoscaling.Policy(
      `${name}-scale-by-${signal}`,
      {
        policyType: "TargetTrackingScaling",
        serviceNamespace: target.serviceNamespace,
        scalableDimension: target.scalableDimension,
        resourceId: target.resourceId,
        targetTrackingScalingPolicyConfiguration: {
          predefinedMetricSpecification: { predefinedMetricType: signals[signal] },
          targetValue: serviceScaling[signal],
          scaleOutCooldown: serviceScaling.scaleOutCooldown,
          scaleInCooldown: serviceScaling.scaleInCooldown,
        },
      },
      { parent },
    );
  }
}
