import { type Derivable, defined, derive, outputOf, resourcesIn } from "../../expansion";
import type { ExpansionScope } from "../../plugin";
import type { PropertyMap, PropertyValue } from "../../types";
import { isOutputValue } from "../../values";

type Containers = Readonly<Record<string, PropertyMap>>;
type Mappings = Readonly<Record<string, readonly PropertyMap[]>>;

/** `container` or `containers`, by name. */
export function containersOf({ container, containers }: PropertyMap): Derivable {
  if ((container === undefined) === (containers === undefined)) {
    throw new Error(
      `container, containers: ${container === undefined ? "none is" : "both are"} given; exactly one is needed`,
    );
  }
  return containers ?? derive([container], (one: PropertyMap) => ({ [String(one.name ?? "container")]: one }));
}

/** The port mappings of each container by its name; of a single container they count whatever else of it is unknown. */
export function portMappingsOf({ container, containers }: PropertyMap): Derivable {
  if (containers !== undefined) {
    return derive([containers], (byName: Containers) =>
      Object.fromEntries(Object.entries(byName).map(([name, { portMappings }]) => [name, portMappings ?? []])),
    );
  }
  const { name, portMappings } = isOutputValue(container) ? ({} as PropertyMap) : ((container ?? {}) as PropertyMap);
  return derive([name, portMappings], (given: string | undefined, mappings: PropertyValue | undefined) => ({
    [given ?? "container"]: mappings ?? [],
  }));
}

/** The definitions sorted by name, with ports of target groups filled in and logs sent to the component's log group. */
export function containerDefinitions(
  scope: ExpansionScope,
  containers: Derivable,
  mappings: Derivable,
  logGroup: Derivable,
): Derivable {
  const resolved = derive([mappings], (byName: Mappings) =>
    Object.fromEntries(
      Object.entries(byName).map(([name, ofContainer]) => [name, ofContainer.map((one) => resolveMapping(scope, one))]),
    ),
  );
  return derive(
    [containers, resolved, logGroup],
    (byName: Containers, ports: Mappings, logs: PropertyMap | undefined) =>
      Object.entries(byName)
        .sort(([a], [b]) => a.localeCompare(b))
        .map(([name, container]) => {
          const definition: PropertyMap = { ...container };
          if (Array.isArray(container.portMappings)) definition.portMappings = [...(ports[name] ?? [])];
          definition.name = name;
          if (container.logConfiguration === undefined && logs !== undefined) {
            definition.logConfiguration = logConfiguration(logs, name);
          }
          return definition;
        }),
  );
}

/** The load balancers of a service: one for each port mapping with a target group. */
export function loadBalancers(scope: ExpansionScope, mappings: Derivable): Derivable {
  const found = derive([mappings], (byName: Mappings) =>
    Object.entries(byName).flatMap(([containerName, ofContainer]) =>
      ofContainer.flatMap(({ targetGroup }) =>
        resourcesIn(scope, targetGroup).map((group) => ({
          containerName,
          containerPort: outputOf(group, "port"),
          targetGroupArn: outputOf(group, "arn"),
        })),
      ),
    ),
  );
  // Unknown as a whole while one of the target groups is.
  return derive([found], (known: PropertyValue) => known);
}

function logConfiguration(logs: PropertyMap, name: string): PropertyMap {
  return {
    logDriver: "awslogs",
    options: {
      "awslogs-group": logs.logGroupName!,
      "awslogs-region": logs.logGroupRegion!,
      "awslogs-stream-prefix": name,
    },
  };
}

function resolveMapping(scope: ExpansionScope, mapping: PropertyMap): PropertyValue {
  const [group] = resourcesIn(scope, mapping.targetGroup);
  const { name, containerPortRange, appProtocol, containerPort, hostPort, protocol } = mapping;
  const resolved = derive([group && outputOf(group, "port")], (ofGroup: number | undefined) =>
    defined({
      name,
      containerPortRange,
      appProtocol,
      containerPort: containerPort ?? hostPort ?? ofGroup,
      hostPort: hostPort ?? ofGroup ?? containerPort,
      protocol,
    }),
  );
  return resolved ?? {};
}
