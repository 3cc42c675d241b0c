import { childMaker, type Derivable, derive, lookUp, outputOf } from "../../expansion";
import type { ExpansionScope } from "../../plugin";
import type { PropertyMap, PropertyValue, RecordedResource } from "../../types";
import { parseArn } from "./names";

export interface LogGroup {
  readonly made?: RecordedResource;
  /** `{ arn, logGroupName, logGroupRegion }`; absent when there is no log group. */
  readonly id?: Derivable;
}

/** The log group that a component makes unless it is told to skip it, or is given one. */
export async function makeLogGroup(
  scope: ExpansionScope,
  parent: RecordedResource | undefined,
  args: PropertyMap,
): Promise<LogGroup> {
  if (args.existing !== undefined && args.args !== undefined) {
    throw new Error("existing, args: both are given of the log group; only one is allowed");
  }
  const existing = args.existing as PropertyMap | undefined;
  if (existing?.arn !== undefined) return { id: derive([existing.arn], idOf) };
  const accountId = await account(scope);
  if (existing !== undefined) {
    if (existing.name === undefined) throw new Error("existing: the log group has neither name nor arn; one is needed");
    return { id: named(existing.name, existing.region ?? (await region(scope)), accountId) };
  }
  const made = await childMaker(scope)(
    "aws:cloudwatch/logGroup:LogGroup",
    scope.name,
    (args.args ?? {}) as PropertyMap,
    { parent },
  );
  return { made, id: named(outputOf(made, "name"), await region(scope), accountId) };
}

export const account = (scope: ExpansionScope): Promise<PropertyValue> =>
  lookUp(scope, "aws:index/getCallerIdentity:getCallerIdentity", {}, () => ({}), "accountId");

const region = (scope: ExpansionScope): Promise<PropertyValue> =>
  lookUp(scope, "aws:index/getRegion:getRegion", {}, () => ({}), "name");

function named(name: PropertyValue, of: PropertyValue, accountId: PropertyValue): Derivable {
  return derive([name, of, accountId], (group: string, regionName: string, owner: string) =>
    idOf(`arn:aws:logs:${regionName}:${owner}:log-group:${group}`),
  );
}

function idOf(arn: string): PropertyMap {
  const { service, resourceType, resourceId, region: logGroupRegion } = parseArn(arn);
  if (service !== "logs" || resourceType !== "log-group") {
    throw new Error(
      `arn: ${JSON.stringify(arn)} is not a log group's, such as arn:aws:logs:eu-west-1:123456789012:log-group:name`,
    );
  }
  return { arn, logGroupName: resourceId, logGroupRegion };
}
