import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { fargateSizeProblem } from "../catalog/fargate";
import { InputError } from "../contracts/input-error";
import { type Capacity, capacityStrategies } from "./cluster";
import { Component, type Transform, transform } from "./component";
import { fixedName } from "./physical-names";
import type { Statement } from "./policy";
import { createExecutionRole, createTaskRole, type SecretValue, valueFrom } from "./service-roles";
import { createScaling } from "./service-scaling";
import { nodeHealthCommand } from "./stub-server";
import { type ContainerSpec, containerDefinitions } from "./task-definition";

/** Where services run; the same for all of a stack. */
export interface ServiceHome {
  readonly vpcId: pulumi.Input<string>;
  readonly subnetIds: pulumi.Input<string[]>;
  readonly clusterArn: pulumi.Input<string>;
  readonly clusterName: pulumi.Input<string>;
  readonly namespaceArn: pulumi.Input<string>;
  readonly capacity: Capacity;
  readonly architecture: "X86_64" | "ARM64";
  /** Days that logs are kept. */
  readonly logDays: number;
}

export interface ServiceArgs {
  readonly home: ServiceHome;
  /** Container image, by digest in prod. */
  readonly image: string;
  /** Command that the image runs. @default the image's own */
  readonly command?: readonly string[];
  /** User and group. @default the image's own */
  readonly user?: string;
  /** CPU units, 1024 = one vCPU. */
  readonly cpu: number;
  /** Memory in MiB. */
  readonly memory: number;
  /** Absent for a worker without a listener, whose health is that its process lives. */
  readonly http?: {
    readonly port: number;
    readonly healthPath: string;
    /** Seconds that an answer to another service may take, a stream to its last byte. @default 15, as Service Connect has it */
    readonly answerSeconds?: number;
    /** Health check inside the container. @default one that needs Node in the image, and no curl */
    readonly healthCommand?: readonly string[];
  };
  /** Tasks; scaling keeps within, and 1 to 1 does not scale. */
  readonly tasks: { readonly min: number; readonly max: number };
  readonly environment: Readonly<Record<string, pulumi.Input<string>>>;
  readonly secrets: Readonly<Record<string, SecretValue>>;
  /** What the service's code may do in AWS. */
  readonly statements: readonly Statement[];
  /** Command of the same image that must succeed before the service's container starts. */
  readonly migrate?: readonly string[];
  /** Command of the same image for one-off tasks, each with a definition of its own. */
  readonly oneOff?: Readonly<Record<string, readonly string[]>>;
  /** Target group of the public edge, and the listener rule without which ECS refuses it. */
  readonly target?: { readonly arn: pulumi.Input<string>; readonly rule: pulumi.Resource };
  /** Seconds that the service may take to end after SIGTERM, 0-120. @default 30 */
  readonly stopTimeout?: number;
  /** Changes the child resources. */
  readonly transform?: {
    readonly taskDefinition?: Transform<aws.ecs.TaskDefinitionArgs>;
    readonly service?: Transform<aws.ecs.ServiceArgs>;
  };
}

/** A connection's own limit must not be the shorter one. Source: ECS API, TimeoutConfiguration. */
const answerTimeout = (seconds: number) => ({ idleTimeoutSeconds: seconds, perRequestTimeoutSeconds: seconds });

const portName = "http";
const definitionType = "aws:ecs/taskDefinition:TaskDefinition";

/**
 * One ECS service on Fargate: security group, task role, execution role and log group of its own, no public address, found by
 * others under its name through Service Connect, rolled back when a deployment does not become healthy.
 *
 * Cost: a task of 0.25 vCPU and 0.5 GB is (0.25 x 0.04048 + 0.5 x 0.004445) x 730 = $9.01 a month on demand.
 */
export class Service extends Component {
  readonly securityGroupId: pulumi.Output<string>;
  readonly serviceName: pulumi.Output<string>;
  readonly taskRoleName: pulumi.Output<string>;
  readonly label: string;

  constructor(name: string, args: ServiceArgs, opts?: pulumi.ComponentResourceOptions) {
    super("compute:Service", name, opts);
    const { home } = args;
    checkSize();
    const securityGroup = createSecurityGroup(this);
    const logs = new aws.cloudwatch.LogGroup(`${name}-logs`, { retentionInDays: home.logDays }, { parent: this });
    const executionRole = createExecutionRole(this, name, {
      logGroupArn: logs.arn,
      secrets: Object.values(args.secrets),
      images: [args.image],
    });
    const taskRole = createTaskRole(this, name, args.statements);
    const taskDefinition = createDefinition(this, "definition", serviceContainers());
    for (const [task, command] of Object.entries(args.oneOff ?? {})) {
      createDefinition(this, task, [container(task, command)]);
    }
    const service = createService(this);
    if (args.tasks.max > args.tasks.min) {
      createScaling(this, name, { clusterName: home.clusterName, serviceName: service.name, ...args.tasks });
    }
    this.securityGroupId = securityGroup.id;
    this.serviceName = service.name;
    this.taskRoleName = taskRole.name;
    this.label = name;
    this.registerOutputs({ serviceName: this.serviceName });

    function checkSize(): void {
      const problem = fargateSizeProblem(args.cpu, args.memory);
      if (problem !== undefined) {
        throw new InputError({ path: `${name}.memory`, ...problem, where: "the component's arguments" });
      }
    }

    function createSecurityGroup(parent: Service) {
      const group = new aws.ec2.SecurityGroup(
        `${name}-tasks`,
        { vpcId: home.vpcId, description: `Tasks of ${name}` },
        { parent },
      );
      new aws.vpc.SecurityGroupEgressRule(
        `${name}-https`,
        {
          securityGroupId: group.id,
          description: "AWS services and the internet over TLS",
          cidrIpv4: "0.0.0.0/0",
          ipProtocol: "tcp",
          fromPort: 443,
          toPort: 443,
        },
        { parent },
      );
      return group;
    }

    function serviceContainers(): ContainerSpec[] {
      const main: ContainerSpec = {
        ...container(name, args.command),
        port: args.http && { name: portName, number: args.http.port },
        healthCommand:
          args.http && (args.http.healthCommand ?? nodeHealthCommand(args.http.port, args.http.healthPath)),
        stopTimeout: args.stopTimeout,
      };
      if (args.migrate === undefined) return [main];
      return [
        { ...main, after: ["migrate"] },
        { ...container("migrate", args.migrate), essential: false },
      ];
    }

    function container(containerName: string, command: readonly string[] | undefined): ContainerSpec {
      return {
        name: containerName,
        image: args.image,
        command,
        user: args.user,
        environment: args.environment,
        secrets: Object.fromEntries(Object.entries(args.secrets).map(([key, secret]) => [key, valueFrom(secret)])),
        logs: { group: logs.name, region: aws.config.requireRegion() },
      };
    }

    function createDefinition(parent: Service, part: string, containers: readonly ContainerSpec[]) {
      const logicalName = `${name}-${part}`;
      return new aws.ecs.TaskDefinition(
        ...transform(
          args.transform?.taskDefinition,
          logicalName,
          {
            family: fixedName(definitionType, logicalName),
            requiresCompatibilities: ["FARGATE"],
            networkMode: "awsvpc",
            runtimePlatform: { operatingSystemFamily: "LINUX", cpuArchitecture: home.architecture },
            cpu: String(args.cpu),
            memory: String(args.memory),
            executionRoleArn: executionRole.arn,
            taskRoleArn: taskRole.arn,
            containerDefinitions: pulumi.jsonStringify(containerDefinitions(containers)),
          },
          { parent },
        ),
      );
    }

    function createService(parent: Service) {
      return new aws.ecs.Service(
        ...transform(
          args.transform?.service,
          `${name}-service`,
          {
            cluster: home.clusterArn,
            taskDefinition: taskDefinition.arn,
            desiredCount: args.tasks.min,
            capacityProviderStrategies: [...capacityStrategies[home.capacity]],
            // Without it the provider refuses, when it plans, every change of the strategy above.
            forceNewDeployment: true,
            platformVersion: "LATEST",
            deploymentCircuitBreaker: { enable: true, rollback: true },
            deploymentMinimumHealthyPercent: 100,
            deploymentMaximumPercent: 200,
            availabilityZoneRebalancing: "ENABLED",
            networkConfiguration: {
              subnets: home.subnetIds,
              securityGroups: [securityGroup.id],
              assignPublicIp: false,
            },
            serviceConnectConfiguration: serviceConnect(),
            loadBalancers:
              args.target && args.http
                ? [{ targetGroupArn: args.target.arn, containerName: name, containerPort: args.http.port }]
                : [],
            healthCheckGracePeriodSeconds: args.target ? 60 : undefined,
            enableEcsManagedTags: true,
            propagateTags: "SERVICE",
          },
          { parent, ignoreChanges: ["desiredCount"], dependsOn: args.target ? [args.target.rule] : [] },
        ),
      );
    }

    function serviceConnect(): aws.types.input.ecs.ServiceServiceConnectConfiguration {
      const named = args.http && {
        portName,
        discoveryName: name,
        clientAlias: [{ port: args.http.port, dnsName: name }],
        timeout: args.http.answerSeconds === undefined ? undefined : answerTimeout(args.http.answerSeconds),
      };
      return { enabled: true, namespace: home.namespaceArn, services: named && [named] };
    }
  }
}
