import { writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { GeneratedTable, GeneratedType } from "../generated";
import { GoPackages } from "./go-packages";
import { type Attribute, type ResourceSchema, readProvider, type Schema, squash } from "./provider-schema";
import { readSdk, type SdkProperty, type SdkTypes } from "./sdk-types";

/**
 * Writes `catalog/replacement/aws.generated.json`: what replaces a resource of the AWS provider, read from the provider's source,
 * under the names of the installed SDK.
 *
 *     npx tsx catalog/replacement/generate/generate.ts SOURCE VERSION
 *
 * SOURCE is the folder `internal` of hashicorp/terraform-provider-aws at VERSION (`6.58.0`), as Go files or as an index of one
 * declaration a file.
 */
function main([source, version]: readonly string[]): void {
  if (source === undefined || !/^\d+\.\d+\.\d+$/.test(version ?? "")) {
    console.error("usage: generate.ts SOURCE VERSION: the folder `internal` of the provider's source, and its version");
    process.exitCode = 2;
    return;
  }
  const manifest = require.resolve("@pulumi/aws/package.json");
  const sdk = readSdk(dirname(manifest));
  const { resources, unreadable } = readProvider(new GoPackages(source));
  const named = matchTypes(sdk, resources);
  const types = Object.fromEntries(
    [...named].sort(([a], [b]) => (a < b ? -1 : 1)).map(([token, schema]) => [token, generated(sdk, token, schema)]),
  );
  const table: GeneratedTable = {
    source: "https://github.com/hashicorp/terraform-provider-aws",
    sourceVersion: version!,
    sdk: "@pulumi/aws",
    sdkVersion: (require(manifest) as { readonly version: string }).version,
    types,
  };
  writeFileSync(join(__dirname, "..", "aws.generated.json"), render(table));
  const missing = [...sdk.resources.keys()].filter((token) => !named.has(token));
  console.log(
    `${named.size} of ${sdk.resources.size} types of the SDK; not known, so "may replace": ${missing.length}`,
  );
  for (const token of missing.sort()) console.log(`  ${token}`);
  console.log(`${unreadable.size} resources of the provider could not be read:`);
  for (const [type, reason] of [...unreadable].sort()) console.log(`  ${type}: ${reason}`);
}

/** One line a type, so that a new version of the provider shows as the types that it changes. */
function render({ types, ...head }: GeneratedTable): string {
  const lines = Object.entries(types).map(([token, type]) => `    ${JSON.stringify(token)}: ${JSON.stringify(type)}`);
  const rest = JSON.stringify(head, null, 2).slice(0, -2);
  return `${rest},\n  "types": {\n${lines.join(",\n")}\n  }\n}\n`;
}

/** Modules of the SDK whose names in the provider's types are others. */
const modules: Readonly<Record<string, readonly string[]>> = {
  amp: ["prometheus"],
  apigateway: ["api_gateway"],
  cfg: ["config", "config_config", "config_configuration"],
  cloudwatch: ["cloudwatch", "cloudwatch_log"],
  costexplorer: ["ce"],
  directconnect: ["dx"],
  ec2: ["", "ec2", "vpc"],
  opensearchingest: ["osis"],
  rds: ["db", "rds", "db_instance"],
  resourceexplorer: ["resourceexplorer2"],
  s3: ["s3", "s3control"],
  vpc: ["vpc", ""],
  vpn: ["", "vpn"],
};

/** Types whose names follow no pattern. */
const otherNames: Readonly<Record<string, string>> = {
  "aws:alb/loadBalancer:LoadBalancer": "aws_lb",
  "aws:autoscaling/tag:Tag": "aws_autoscaling_group_tag",
  "aws:cloudtrail/trail:Trail": "aws_cloudtrail",
  "aws:codedeploy/application:Application": "aws_codedeploy_app",
  "aws:codepipeline/pipeline:Pipeline": "aws_codepipeline",
  "aws:ec2/networkInterfaceSecurityGroupAttachment:NetworkInterfaceSecurityGroupAttachment":
    "aws_network_interface_sg_attachment",
  "aws:elb/loadBalancer:LoadBalancer": "aws_elb",
  "aws:lb/loadBalancer:LoadBalancer": "aws_lb",
  "aws:s3/bucketObjectv2:BucketObjectv2": "aws_s3_object",
  "aws:s3/bucketReplicationConfig:BucketReplicationConfig": "aws_s3_bucket_replication_configuration",
};

/**
 * Matches types by name, where the provider knows three in four of the SDK's properties; nine in ten where only a part of the
 * name agrees.
 */
function matchTypes(sdk: SdkTypes, resources: readonly ResourceSchema[]): Map<string, ResourceSchema> {
  const byName = new Map(resources.map((one) => [squash(one.type), one]));
  const matched = new Map<string, ResourceSchema>();
  for (const [token, declared] of sdk.resources) {
    const properties = declared.filter(({ name }) => name !== "region");
    const [, module = "", name = ""] = /^aws:([\w]+)\/\w+:(\w+)$/.exec(token) ?? [];
    const fits = (least: number) => (one: ResourceSchema) =>
      properties.filter((property) => find(one.schema, property.name, token) !== undefined).length >=
      least * properties.length;
    const exact = [...(modules[module] ?? []), module].flatMap((prefix) =>
      [name, name.replace(/V2$/, "")].map((one) => squash(`aws${prefix}${one}`)),
    );
    const alike = [...byName.keys()].filter(
      (one) => name.length > 8 && one.endsWith(squash(name)) && one.includes(squash(module)),
    );
    const of = (names: readonly string[]): ResourceSchema[] => names.flatMap((one) => byName.get(one) ?? []);
    const best = of([squash(otherNames[token] ?? ""), ...exact]).find(fits(0.75)) ?? of(alike).find(fits(0.9));
    if (best !== undefined) matched.set(token, best);
  }
  return matched;
}

/** The names that the provider may give a property: the singular for blocks that repeat, and `_id`, `_arn` or `_name` of a reference. */
function namesOf(property: string, owner = ""): string[] {
  const name = squash(property);
  const singulars = [/ies$/, /es$/, /s$/, /ices$/].flatMap((plural, index) =>
    plural.test(name) ? [name.replace(plural, ["y", "", "", "ex"][index]!)] : [],
  );
  const owned = property === "name" ? words(owner).map((word) => `${squash(word)}name`) : [];
  return [name, ...singulars, ...["id", "arn", "name", "url"].map((suffix) => `${name}${suffix}`), ...owned];
}

/** `MetricAlarm` is also an `Alarm`. */
function words(type: string): string[] {
  const parts =
    type
      .split(":")
      .at(-1)!
      .match(/[A-Z][a-z0-9]*/g) ?? [];
  return parts.map((_, from) => parts.slice(from).join(""));
}

function find(schema: Schema, property: string, owner?: string): Attribute | undefined {
  const found = namesOf(property, owner).flatMap((name) => schema.get(name) ?? []);
  return found.find(({ input }) => input) ?? found[0];
}

function generated(sdk: SdkTypes, token: string, resource: ResourceSchema): GeneratedType {
  const lists = { replaces: [], replacesWhenSet: [], depends: [], unordered: [], unknown: [] } as Record<
    Lists,
    string[]
  >;
  collect(sdk, sdk.resources.get(token)!, resource.schema, "", lists, token);
  for (const { name } of sdk.resources.get(token)!) {
    if (namesOf(name).some((one) => resource.depends.includes(one)) && !lists.replaces.includes(name))
      lists.depends.push(name);
  }
  if (resource.dependsOnMore) lists.depends.push("*");
  const kept = Object.fromEntries(
    Object.entries(lists).flatMap(([key, list]) => (list.length === 0 ? [] : [[key, [...new Set(list)].sort()]])),
  );
  const named = sdk.resources.get(token)!.some(({ name, optional }) => name === "name" && optional);
  return {
    from: resource.type,
    source: resource.source.replace(/^service\//, ""),
    ...(named ? { autoName: "name" } : {}),
    ...kept,
  };
}

type Lists = "replaces" | "replacesWhenSet" | "depends" | "unordered" | "unknown";

/** Segments of a path that is not known: below it, what is inside is not known either. */
const deepest = 4;

function collect(
  sdk: SdkTypes,
  properties: readonly SdkProperty[],
  schema: Schema,
  above: string,
  lists: Record<Lists, string[]>,
  token?: string,
  depth = 0,
): void {
  for (const { name, list, type } of properties) {
    if (above === "" && name === "region") continue;
    const path = above === "" ? name : `${above}.${name}`;
    const attribute = find(schema, name, token);
    if (attribute === undefined || attribute.change === "unknown") {
      lists.unknown.push(path.split(".").slice(0, deepest).join("."));
      continue;
    }
    if (attribute.set && list) lists.unordered.push(path);
    const forced = attribute.change !== "inPlace" || (attribute.set && hasForced(attribute.nested));
    if (forced) {
      const ofItems = attribute.computed === true ? "replacesWhenSet" : "replaces";
      lists[attribute.change === "inPlace" ? ofItems : attribute.change].push(path);
    }
    const inner = type === undefined ? undefined : sdk.nested.get(type);
    if (inner === undefined || attribute.nested === undefined || depth > 6) continue;
    const within = `${path}${list ? "[*]" : ""}`;
    const own = forced ? { ...lists, replaces: [], replacesWhenSet: [], depends: [], unknown: [] } : lists;
    collect(sdk, inner, attribute.nested, within, own, undefined, depth + 1);
  }
}

/** An item of a set that changes is another item, so one attribute that cannot change makes the set one that cannot. */
function hasForced(schema: Schema | undefined): boolean {
  return [...(schema?.values() ?? [])].some(
    ({ change, nested }) => change === "replaces" || change === "replacesWhenSet" || hasForced(nested),
  );
}

main(process.argv.slice(2));
