import { childMaker, type Derivable, defined, derive, expansionOf, omit, outputOf, referenceTo } from "../../expansion";
import type { Expansion, ExpansionScope } from "../../plugin";
import type { PropertyMap, RecordedResource } from "../../types";
import { parseUrn } from "../../urn";
import { refuseBoth } from "./arguments";
import { containerDefinitions, containersOf, loadBalancers, portMappingsOf } from "./containers";
import { defaultVpc } from "./default-vpc";
import { type ContainerSize, fargateSize } from "./fargate-size";
import { openRules } from "./load-balancer";
import { makeLogGroup } from "./log-group";
import { shortHash } from "./names";
import { makeRole } from "./roles";

type LaunchType = "FARGATE" | "EC2";

/** Arguments of a service that the ECS service itself does not take. */
const ownServiceArguments = [
  "assignPublicIp",
  "continueBeforeSteadyState",
  "taskDefinitionArgs",
  "useClusterDefaultCapacityProviderStrategy",
];
const ownTaskArguments = ["container", "containers", "executionRole", "logGroup", "taskRole"];

const assumedByTasks = JSON.stringify({
  Version: "2012-10-17",
  Statement: [
    { Action: "sts:AssumeRole", Principal: { Service: "ecs-tasks.amazonaws.com" }, Effect: "Allow", Sid: "" },
  ],
});
const executionPolicies = ["arn:aws:iam::aws:policy/service-role/AmazonECSTaskExecutionRolePolicy"];

/** Expands `awsx:ecs:FargateService`. */
export const expandFargateService = (scope: ExpansionScope): Promise<Expansion> => expandService(scope, "FARGATE");

/** Expands `awsx:ecs:EC2Service`. */
export const expandEc2Service = (scope: ExpansionScope): Promise<Expansion> => expandService(scope, "EC2");

/** Expands `awsx:ecs:FargateTaskDefinition`. */
export const expandFargateTaskDefinition = async (scope: ExpansionScope): Promise<Expansion> =>
  taskOutputs(await makeTask(scope, undefined, scope.args, "FARGATE"));

/** Expands `awsx:ecs:EC2TaskDefinition`. */
export const expandEc2TaskDefinition = async (scope: ExpansionScope): Promise<Expansion> =>
  taskOutputs(await makeTask(scope, undefined, scope.args, "EC2"));

async function expandService(scope: ExpansionScope, launchType: LaunchType): Promise<Expansion> {
  const { name, args } = scope;
  const { taskDefinition, taskDefinitionArgs, networkConfiguration, assignPublicIp } = args;
  refuseBoth({ taskDefinition, taskDefinitionArgs });
  if (launchType === "FARGATE") refuseBoth({ networkConfiguration, assignPublicIp });
  if (taskDefinition === undefined && taskDefinitionArgs === undefined) {
    throw new Error("taskDefinition, taskDefinitionArgs: none is given; one is needed");
  }
  const usesProviders = args.capacityProviderStrategies !== undefined;
  const usesDefaults = args.useClusterDefaultCapacityProviderStrategy === true;
  if (usesProviders && usesDefaults) {
    throw new Error(
      "capacityProviderStrategies, useClusterDefaultCapacityProviderStrategy: both are given; only one is allowed",
    );
  }
  const make = childMaker(scope);
  const task = taskDefinitionArgs === undefined ? undefined : await makeOwnTask(taskDefinitionArgs as PropertyMap);
  const service = await make("aws:ecs/service:Service", name, {
    ...(launchType === "FARGATE" ? { desiredCount: 1 } : {}),
    ...omit(args, ownServiceArguments),
    networkConfiguration: networkConfiguration ?? (launchType === "FARGATE" ? await ownNetwork() : undefined),
    launchType: usesProviders || usesDefaults ? undefined : launchType,
    loadBalancers: args.loadBalancers ?? task?.loadBalancers,
    waitForSteadyState: derive([args.continueBeforeSteadyState], (goesOn: boolean | undefined) => !(goesOn ?? false)),
    taskDefinition: task === undefined ? taskDefinition : outputOf(task.definition, "arn"),
  });
  return expansionOf({ service: referenceTo(service), taskDefinition: task && referenceTo(task.definition) });

  async function makeOwnTask(taskArgs: PropertyMap): Promise<Task> {
    const className = launchType === "FARGATE" ? "FargateTaskDefinition" : "EC2TaskDefinition";
    const component = await scope.register({
      type: `awsx:ecs:${className}`,
      name,
      custom: false,
      inputs: {},
      options: { aliases: [{ type: `awsx:x:ecs:${className}` }] },
    });
    return makeTask(scope, component, taskArgs, launchType);
  }

  /** In the default VPC, behind a security group that is open. */
  async function ownNetwork(): Promise<PropertyMap> {
    const { vpcId, publicSubnetIds, privateSubnetIds } = await defaultVpc(scope);
    const description = "Managed by Pulumi";
    const group = await make("aws:ec2/securityGroup:SecurityGroup", `${name}-sg`, { description, vpcId, ...openRules });
    const subnets = derive(
      [assignPublicIp ?? false, publicSubnetIds, privateSubnetIds],
      (isPublic: boolean, ofPublic: string[], ofPrivate: string[]) => {
        if (isPublic) return ofPublic;
        if (ofPrivate.length > 0) return ofPrivate;
        throw new Error("assignPublicIp: false needs private subnets, which the default VPC does not have");
      },
    );
    return defined({ subnets, assignPublicIp: assignPublicIp ?? false, securityGroups: [outputOf(group, "id")] });
  }
}

interface Task {
  readonly definition: RecordedResource;
  readonly logGroup?: RecordedResource;
  readonly taskRole?: RecordedResource;
  readonly executionRole?: RecordedResource;
  readonly loadBalancers: Derivable;
}

function taskOutputs({ definition, logGroup, taskRole, executionRole, loadBalancers: balancers }: Task): Expansion {
  return expansionOf({
    taskDefinition: referenceTo(definition),
    logGroup: logGroup && referenceTo(logGroup),
    taskRole: taskRole && referenceTo(taskRole),
    executionRole: executionRole && referenceTo(executionRole),
    loadBalancers: balancers,
  });
}

async function makeTask(
  scope: ExpansionScope,
  parent: RecordedResource | undefined,
  args: PropertyMap,
  launchType: LaunchType,
): Promise<Task> {
  const { name } = scope;
  const containers = containersOf(args);
  const mappings = portMappingsOf(args);
  const { skip, ...logGroupArgs } = (args.logGroup ?? {}) as PropertyMap;
  const logGroup = skip === true ? {} : await makeLogGroup(scope, parent, logGroupArgs);
  const role = (key: "taskRole" | "executionRole", policyArns: string[]) =>
    makeRole(scope, parent, `${name}-${key.replace("Role", "")}`, (args[key] ?? {}) as PropertyMap, {
      assumeRolePolicy: assumedByTasks,
      policyArns,
    });
  const taskRole = await role("taskRole", []);
  const executionRole = await role("executionRole", executionPolicies);
  const definitions = containerDefinitions(scope, containers, mappings, logGroup.id);
  const text = derive([definitions], (known: PropertyMap[]) => JSON.stringify(known));
  const { stack } = parseUrn(scope.urn);
  const definition = await childMaker(scope)(
    "aws:ecs/taskDefinition:TaskDefinition",
    name,
    {
      ...(launchType === "FARGATE" ? size() : { networkMode: "awsvpc" }),
      ...omit(args, ownTaskArguments),
      requiresCompatibilities: [launchType],
      ...(launchType === "FARGATE" ? { networkMode: "awsvpc" } : {}),
      taskRoleArn: taskRole.arn,
      executionRoleArn: executionRole.arn,
      family: derive([args.family, text], (given: string | undefined, known: string) =>
        given === undefined ? `${name}-${shortHash(stack + known)}` : given,
      ),
      containerDefinitions: text,
    },
    { parent },
  );
  return {
    definition,
    logGroup: logGroup.made,
    taskRole: taskRole.made,
    executionRole: executionRole.made,
    loadBalancers: loadBalancers(scope, mappings),
  };

  function size(): Record<string, Derivable> {
    const chosen = (key: "cpu" | "memory") =>
      derive([definitions], (known: ContainerSize[]) => fargateSize(known)[key]);
    return { cpu: chosen("cpu"), memory: chosen("memory") };
  }
}
