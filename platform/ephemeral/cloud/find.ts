import { ephemeralName, product } from "../../../contracts/stack-names";
import { projectTag, tagKeys } from "../../../contracts/tags";
import type { TaggedResource } from "../decisions";
import { type AwsCall, AwsError, valuesOf } from "./aws-call";
import { parseArn, removalRule } from "./removal";

type Tags = Readonly<Record<string, string>>;

/**
 * Finds what carries the tags of ephemeral stacks, or of one: by the tagging API, and by their own services the kinds that it does not
 * know (roles, Auto Scaling groups) or that have no tags (schedules, known by the cluster that they start tasks in, and the logs of
 * databases that are gone).
 */
export async function findTagged(aws: AwsCall, stack?: string): Promise<TaggedResource[]> {
  const asked = ({ stack: of }: TaggedResource) => (stack === undefined ? ephemeralName.test(of) : of === stack);
  const found = (await Promise.all([fromTagging(aws, stack), autoScalingGroups(aws), iamRoles(aws), databaseLogs(aws)]))
    .flat()
    .filter(asked);
  const all = [...found, ...(await schedules(aws, found))].filter(
    ({ arn }) => removalRule(parseArn(arn))?.goesWith === undefined,
  );
  return [...new Map(all.map((resource) => [resource.arn, resource])).values()];
}

function taggedResource(arn: string, tags: Tags): TaggedResource[] {
  const { [tagKeys.stack]: stack, [tagKeys.project]: project, [tagKeys.expires]: expiresAt } = tags;
  if (stack === undefined || project !== projectTag) return [];
  return [{ arn, stack, ...(expiresAt === undefined ? {} : { expiresAt }) }];
}

async function fromTagging(aws: AwsCall, stack: string | undefined): Promise<TaggedResource[]> {
  const TagFilters = [
    { Key: tagKeys.project, Values: [projectTag] },
    { Key: tagKeys.stack, ...(stack === undefined ? {} : { Values: [stack] }) },
  ];
  const found: TaggedResource[] = [];
  let PaginationToken = "";
  do {
    const page = (await aws.json("tagging", "GetResources", {
      TagFilters,
      PaginationToken,
      ResourcesPerPage: 100,
    })) as {
      PaginationToken?: string;
      ResourceTagMappingList?: { ResourceARN: string; Tags: { Key: string; Value: string }[] }[];
    };
    for (const { ResourceARN, Tags } of page.ResourceTagMappingList ?? []) {
      found.push(...taggedResource(ResourceARN, Object.fromEntries(Tags.map(({ Key, Value }) => [Key, Value]))));
    }
    PaginationToken = page.PaginationToken ?? "";
  } while (PaginationToken !== "");
  return found;
}

async function autoScalingGroups(aws: AwsCall): Promise<TaggedResource[]> {
  const tags = new Map<string, Record<string, string>>();
  let NextToken: string | undefined;
  do {
    const keys = [tagKeys.project, tagKeys.stack, tagKeys.expires];
    const page = await aws.xml("autoscaling", "DescribeTags", {
      Filters: [{ Name: "key", Values: keys }],
      NextToken,
    });
    const [groups, names, values] = ["ResourceId", "Key", "Value"].map((element) => valuesOf(page, element));
    groups!.forEach((group, index) => {
      tags.set(group, { ...tags.get(group), [names![index]!]: values![index]! });
    });
    NextToken = valuesOf(page, "NextToken")[0] || undefined;
  } while (NextToken !== undefined);
  const arn = (group: string) => `arn:aws:autoscaling:${aws.region}::autoScalingGroup::autoScalingGroupName/${group}`;
  return [...tags].flatMap(([group, own]) => taggedResource(arn(group), own));
}

/** Roles by the beginning of their names, then by their tags: `gaming-pr-1-` also begins the names of the stack `pr-1-2`. */
async function iamRoles(aws: AwsCall): Promise<TaggedResource[]> {
  const arns: string[] = [];
  let Marker: string | undefined;
  do {
    const page = await aws.xml("iam", "ListRoles", { Marker, MaxItems: 1000 });
    arns.push(...valuesOf(page, "Arn"));
    Marker = valuesOf(page, "Marker")[0] || undefined;
  } while (Marker !== undefined);
  const ours = arns.filter((arn) => new RegExp(`:role/(.*/)?${product}-(pr|eph)-`).test(arn));
  const found: TaggedResource[] = [];
  for (let index = 0; index < ours.length; index += 8) {
    const some = ours.slice(index, index + 8).map(async (arn) => taggedResource(arn, await roleTags(aws, arn)));
    found.push(...(await Promise.all(some)).flat());
  }
  return found;
}

async function roleTags(aws: AwsCall, arn: string): Promise<Tags> {
  try {
    const page = await aws.xml("iam", "ListRoleTags", { RoleName: arn.split("/").at(-1) });
    const [keys, values] = [valuesOf(page, "Key"), valuesOf(page, "Value")];
    return Object.fromEntries(keys.map((key, index) => [key, values[index] ?? ""]));
  } catch (error) {
    if (error instanceof AwsError && error.code === "NoSuchEntity") return {};
    throw error;
  }
}

async function schedules(aws: AwsCall, found: readonly TaggedResource[]): Promise<TaggedResource[]> {
  const page = (await aws.rest("scheduler", "GET", `/schedules?MaxResults=100&NamePrefix=${product}-`)) as {
    Schedules?: { Arn: string; Target: { Arn: string } }[];
  };
  return (page.Schedules ?? []).flatMap(({ Arn, Target }) => {
    const cluster = found.find(({ arn }) => arn === Target.Arn);
    return cluster === undefined ? [] : [{ ...cluster, arn: Arn }];
  });
}

/** RDS makes the log groups of its exports itself, without tags, and leaves them behind. */
const databaseLog = new RegExp(`^/aws/rds/instance/(${product}-((?:pr|eph)-[a-z0-9-]+?)-database[^/]*)/`);

async function databaseLogs(aws: AwsCall): Promise<TaggedResource[]> {
  const groups: string[] = [];
  let nextToken: string | undefined;
  do {
    const page = (await aws.json("logs", "DescribeLogGroups", {
      logGroupNamePrefix: `/aws/rds/instance/${product}-`,
      nextToken,
    })) as { logGroups?: { logGroupName: string }[]; nextToken?: string | null };
    groups.push(...(page.logGroups ?? []).map(({ logGroupName }) => logGroupName));
    nextToken = page.nextToken || undefined;
  } while (nextToken !== undefined);
  const ours = groups.flatMap((name) => {
    const [, instance, stack] = databaseLog.exec(name) ?? [];
    return instance === undefined ? [] : [{ name, instance, stack: stack! }];
  });
  const there = ours.length === 0 ? new Set() : await databases(aws);
  return ours
    .filter(({ instance }) => !there.has(instance))
    .map(({ name, stack }) => ({ arn: `arn:aws:logs:${aws.region}::log-group:${name}`, stack, abandoned: true }));
}

async function databases(aws: AwsCall): Promise<ReadonlySet<string>> {
  const names: string[] = [];
  let Marker: string | undefined;
  do {
    const page = await aws.xml("rds", "DescribeDBInstances", { Marker });
    names.push(...valuesOf(page, "DBInstanceIdentifier"));
    Marker = valuesOf(page, "Marker")[0] || undefined;
  } while (Marker !== undefined);
  return new Set(names);
}
