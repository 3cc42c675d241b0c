import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { Component, type Transform, transform } from "./component";

/** Where tasks run: on demand, on spot capacity, or one on demand and the rest four to one on spot. */
export type Capacity = "on-demand" | "mixed" | "spot";

/** The capacity provider strategy of each choice. */
export const capacityStrategies = {
  "on-demand": [{ capacityProvider: "FARGATE", base: 0, weight: 1 }],
  mixed: [
    { capacityProvider: "FARGATE", base: 1, weight: 1 },
    { capacityProvider: "FARGATE_SPOT", base: 0, weight: 4 },
  ],
  spot: [{ capacityProvider: "FARGATE_SPOT", base: 0, weight: 1 }],
} as const satisfies Record<Capacity, readonly aws.types.input.ecs.ServiceCapacityProviderStrategy[]>;

export interface ClusterArgs {
  /**
   * Metrics of every cluster, service and task family, billed as custom metrics at $0.30 each: with 22 services well over $100 a
   * month.
   */
  readonly containerInsights: "disabled" | "enabled" | "enhanced";
  /** Where a task without a strategy of its own runs. */
  readonly capacity: Capacity;
  /** Changes the child resources. */
  readonly transform?: { readonly cluster?: Transform<aws.ecs.ClusterArgs> };
}

/** The ECS cluster that every service runs in, on Fargate and Fargate Spot, and the Service Connect namespace they meet in. */
export class Cluster extends Component {
  readonly arn: pulumi.Output<string>;
  readonly clusterName: pulumi.Output<string>;
  readonly namespaceArn: pulumi.Output<string>;

  constructor(name: string, args: ClusterArgs, opts?: pulumi.ComponentResourceOptions) {
    super("compute:Cluster", name, opts);
    const namespace = new aws.servicediscovery.HttpNamespace(
      `${name}-namespace`,
      { description: "Names under which services find each other" },
      { parent: this },
    );
    const cluster = new aws.ecs.Cluster(
      ...transform(
        args.transform?.cluster,
        `${name}-cluster`,
        {
          settings: [{ name: "containerInsights", value: args.containerInsights }],
          serviceConnectDefaults: { namespace: namespace.arn },
        },
        { parent: this },
      ),
    );
    new aws.ecs.ClusterCapacityProviders(
      `${name}-capacity`,
      {
        clusterName: cluster.name,
        capacityProviders: ["FARGATE", "FARGATE_SPOT"],
        defaultCapacityProviderStrategies: [...capacityStrategies[args.capacity]],
      },
      { parent: this },
    );
    this.arn = cluster.arn;
    this.clusterName = cluster.name;
    this.namespaceArn = namespace.arn;
    this.registerOutputs({ arn: this.arn });
  }
}
