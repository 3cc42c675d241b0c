import type { PropertyMap, PropertyValue } from "../../engine/types";
import { isObject, mapValues } from "../../engine/values";
import type { Path } from "../paths";
import { canonical } from "../values";

/**
 * Brings a JSON document into the one shape that AWS and the provider treat as equal to it, so that a difference in writing is
 * no change. Other documents stay as they are.
 */
export function normalizeDocument(path: Path, document: PropertyValue): PropertyValue {
  if (isPolicy(document)) return normalizePolicy(document);
  if (path[0] === "containerDefinitions" && path.length === 1 && Array.isArray(document)) {
    return normalizeContainers(document);
  }
  return document;
}

function isPolicy(document: PropertyValue): document is PropertyMap {
  if (!isObject(document) || document.Statement === undefined) return false;
  const [first] = Array.isArray(document.Statement) ? document.Statement : [document.Statement];
  return first === undefined || (isObject(first) && "Effect" in first);
}

/**
 * IAM reads one value as a list of one, and no list of a policy has an order.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html
 */
function normalizePolicy(policy: PropertyMap): PropertyMap {
  const statements = Array.isArray(policy.Statement) ? policy.Statement : [policy.Statement!];
  return { ...policy, Statement: sorted(statements.map((item) => (isObject(item) ? mapStatement(item) : item))) };
}

function mapStatement(statement: PropertyMap): PropertyMap {
  return Object.fromEntries(
    Object.entries(statement).map(([key, value]) => {
      if (/^(Not)?(Action|Resource)$/.test(key)) return [key, asList(value)];
      if (/^(Not)?Principal$/.test(key))
        return [key, isObject(value) ? mapValues(value, asList) : { AWS: asList(value) }];
      if (key === "Condition" && isObject(value)) {
        return [key, mapValues(value, (test) => (isObject(test) ? mapValues(test, asList) : test))];
      }
      return [key, value];
    }),
  );
}

const asList = (value: PropertyValue): PropertyValue => sorted(Array.isArray(value) ? value : [value]);

/** Lists inside a container definition that ECS reads as sets. */
const containerSets = [
  "environment",
  "secrets",
  "portMappings",
  "mountPoints",
  "volumesFrom",
  "systemControls",
  "dependsOn",
];

/**
 * ECS keeps containers by name, fills in defaults and forgets empty lists.
 * https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ContainerDefinition.html
 */
function normalizeContainers(containers: readonly PropertyValue[]): PropertyValue {
  return sorted(
    containers.map((container) => {
      if (!isObject(container)) return container;
      const kept = Object.entries(container).filter(
        ([, value]) => value !== null && !(Array.isArray(value) && value.length === 0),
      );
      return Object.fromEntries([
        ["essential", true],
        ...kept.map(([key, value]): [string, PropertyValue] => [
          key,
          containerSets.includes(key) && Array.isArray(value) ? sorted(value.map(withPortDefaults)) : value,
        ]),
      ]);
    }),
  );
}

/** In the awsvpc network mode, the only one Fargate has, the host's port is the container's. */
function withPortDefaults(item: PropertyValue): PropertyValue {
  if (!isObject(item) || typeof item.containerPort !== "number") return item;
  return { ...item, protocol: item.protocol ?? "tcp", hostPort: item.hostPort || item.containerPort };
}

/** By name where the items have one, else by content. */
function sorted(items: readonly PropertyValue[]): PropertyValue[] {
  const label = (item: PropertyValue): string =>
    isObject(item) ? String(item.name ?? item.Sid ?? item.containerPort ?? canonical(item)) : canonical(item);
  return [...items].sort((a, b) => (label(a) < label(b) ? -1 : label(a) > label(b) ? 1 : 0));
}
