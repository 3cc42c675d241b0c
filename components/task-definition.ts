import type * as pulumi from "@pulumi/pulumi";
import { type ContainerHealthLimit, containerHealthProblem } from "../catalog/fargate";
import { InputError } from "../contracts/input-error";
import { compare } from "./policy";

/** A container of a task, with what varies between services. */
export interface ContainerSpec {
  readonly name: string;
  readonly image: pulumi.Input<string>;
  /** @default the image's own */
  readonly command?: readonly string[];
  /** User and group. @default the image's own */
  readonly user?: string;
  /** Absent for a container that nobody calls. */
  readonly port?: { readonly name: string; readonly number: number };
  readonly environment: Readonly<Record<string, pulumi.Input<string>>>;
  /** Environment variables whose values stay in Secrets Manager: variable to secret ARN, with an optional JSON key behind it. */
  readonly secrets: Readonly<Record<string, pulumi.Input<string>>>;
  /** Health check, as ECS runs it inside the container. */
  readonly healthCommand?: readonly string[];
  /** False for a container that ends, such as a migration. @default true */
  readonly essential?: boolean;
  /** Containers of the same task that must have succeeded before this one starts. */
  readonly after?: readonly string[];
  /** Volumes of the task that the container may write to, by name, and where it sees them. @default none */
  readonly mounts?: Readonly<Record<string, string>>;
  readonly logs: { readonly group: pulumi.Input<string>; readonly region: string };
  /** Seconds between SIGTERM and SIGKILL, 0-120. @default 30 */
  readonly stopTimeout?: number;
}

/** Seconds and tries of every container health check; the start period covers a slow first start. */
export const containerHealth = { interval: 30, timeout: 5, retries: 3, startPeriod: 60 } as const satisfies Readonly<
  Record<ContainerHealthLimit, number>
>;

/**
 * Container definitions as ECS reads them back: every list present and sorted by name, ports with their host port, so that a
 * plan shows a change only where something changes.
 */
export function containerDefinitions(containers: readonly ContainerSpec[]) {
  return [...containers].sort((a, b) => compare(a.name, b.name)).map(containerDefinition);
}

function containerDefinition(spec: ContainerSpec) {
  return {
    ...(spec.command === undefined ? {} : { command: spec.command }),
    ...(spec.after === undefined ? {} : { dependsOn: afterSuccess(spec.after) }),
    environment: named(spec.environment, "value"),
    essential: spec.essential ?? true,
    ...(spec.healthCommand === undefined ? {} : { healthCheck: healthCheck(spec.name, spec.healthCommand) }),
    image: spec.image,
    linuxParameters: { initProcessEnabled: true },
    logConfiguration: {
      logDriver: "awslogs",
      options: {
        "awslogs-group": spec.logs.group,
        "awslogs-region": spec.logs.region,
        "awslogs-stream-prefix": spec.name,
        mode: "non-blocking",
        "max-buffer-size": "4m",
      },
    },
    mountPoints: mountPoints(spec.mounts ?? {}),
    name: spec.name,
    portMappings: spec.port === undefined ? [] : [portMapping(spec.port)],
    readonlyRootFilesystem: true,
    secrets: named(spec.secrets, "valueFrom"),
    stopTimeout: spec.stopTimeout ?? 30,
    systemControls: [],
    ...(spec.user === undefined ? {} : { user: spec.user }),
    volumesFrom: [],
  };
}

function portMapping({ name, number }: { readonly name: string; readonly number: number }) {
  return { appProtocol: "http", containerPort: number, hostPort: number, name, protocol: "tcp" };
}

function mountPoints(mounts: Readonly<Record<string, string>>) {
  return Object.entries(mounts)
    .sort(([a], [b]) => compare(a, b))
    .map(([sourceVolume, containerPath]) => ({ containerPath, readOnly: false, sourceVolume }));
}

function afterSuccess(names: readonly string[]) {
  return [...names].sort(compare).map((containerName) => ({ condition: "SUCCESS", containerName }));
}

function healthCheck(container: string, command: readonly string[]) {
  const problem = containerHealthProblem(containerHealth);
  if (problem !== undefined) {
    throw new InputError({
      path: `${container}.healthCheck.${problem.property}`,
      ...problem,
      where: "components/task-definition.ts",
    });
  }
  return { command, ...containerHealth };
}

function named<Key extends string>(values: Readonly<Record<string, pulumi.Input<string>>>, key: Key) {
  return Object.entries(values)
    .sort(([a], [b]) => compare(a, b))
    .map(([name, value]) => ({ name, [key]: value }) as { name: string } & Record<Key, pulumi.Input<string>>);
}
