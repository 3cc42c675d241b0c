/**
 * Declares every component of the file `COMPONENT_CASES` (see `cases.ts`): through the SDK of `@pulumi/awsx`, or, when
 * `COMPONENT_SOURCE` names the folder of the provider's source, with the classes that the provider itself runs.
 * Beside each component stands a probe that takes every output, so that the graph shows what an output depends on.
 * What the provider's classes refuse goes to the file `COMPONENT_REFUSALS`.
 */
const { readFileSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const aws = require("@pulumi/aws");
const pulumi = require("@pulumi/pulumi");

const source = process.env.COMPONENT_SOURCE;
const cases = JSON.parse(readFileSync(process.env.COMPONENT_CASES, "utf8"));

/** Resources that arguments refer to as `{ "$ref": "subnet" }` or `{ "$ref": "subnet.id" }`. */
const vpc = new aws.ec2.Vpc("base", { cidrBlock: "10.9.0.0/16" });
const base = {
  vpc,
  subnet: new aws.ec2.Subnet("base-1", { vpcId: vpc.id, cidrBlock: "10.9.0.0/24" }),
  otherSubnet: new aws.ec2.Subnet("base-2", { vpcId: vpc.id, cidrBlock: "10.9.1.0/24" }),
  targetGroup: new aws.lb.TargetGroup("base", { port: 8080, protocol: "HTTP", vpcId: vpc.id }),
  cluster: new aws.ecs.Cluster("base"),
  repository: new aws.ecr.Repository("base"),
};

function withReferences(value) {
  if (Array.isArray(value)) return value.map(withReferences);
  if (typeof value !== "object" || value === null) return value;
  if (typeof value.$ref === "string") return value.$ref.split(".").reduce((from, key) => from[key], base);
  // The wire between a program and a provider sorts keys.
  return Object.fromEntries(
    Object.keys(value)
      .sort()
      .map((key) => [key, withReferences(value[key])]),
  );
}

class Probe extends pulumi.CustomResource {
  constructor(name, inputs, opts) {
    const shown = Object.entries(inputs).map(([key, value]) => [key, pulumi.output(value).apply(byUrn)]);
    super("test:index:Probe", name, Object.fromEntries(shown), opts);
  }
}

/** A provider gets the id of a resource that it is given; which resource it is, only the URN tells. */
function byUrn(value) {
  if (pulumi.Resource.isInstance(value)) return { $urn: value.urn };
  if (Array.isArray(value)) return value.map(byUrn);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, byUrn(item)]));
}

function construct({ type, name, args }) {
  if (source !== undefined)
    return require(join(source, "resources.ts")).construct(name, type, withReferences(args), {});
  const [, module, className] = type.split(":");
  return new (require("@pulumi/awsx")[module][className])(name, withReferences(args));
}

/** The outputs of a component, as the provider collects them. */
function outputsOf(component) {
  return Object.fromEntries(
    Object.entries(component).filter(
      ([key, value]) => key !== "urn" && !/^(get|_)/.test(key) && typeof value !== "function" && value !== undefined,
    ),
  );
}

function descendants(resource) {
  return [...(resource.__childResources ?? [])].flatMap((child) => [child, ...descendants(child)]);
}

if (source === undefined) {
  for (const one of cases) new Probe(one.name, outputsOf(construct(one)));
} else {
  require("tsx/cjs");
  // As the provider runs: the arguments of its components are no inputs of theirs.
  process.env.PULUMI_NODEJS_SKIP_COMPONENT_INPUTS = "true";
  module.exports = declareReal();
}

/**
 * One after the other, so that an error is its case's own. A class that refuses its arguments leaves promises that nothing
 * settles, and the run ends badly; the caller runs what was accepted once more.
 */
async function declareReal() {
  const refusals = {};
  let refuse = () => {};
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", (error) => refuse(error));
  for (const one of cases) {
    const refused = new Promise((_resolve, reject) => {
      refuse = reject;
    });
    refused.catch(() => {});
    const timer = setTimeout(() => refuse(new Error("an output never resolves")), 60_000);
    try {
      await Promise.race([refused, declare(one)]);
    } catch (error) {
      refusals[one.name] = error.message;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    clearTimeout(timer);
  }
  writeFileSync(process.env.COMPONENT_REFUSALS, JSON.stringify(refusals));
}

async function declare(one) {
  const component = construct(one);
  await component.getData();
  const outputs = outputsOf(component);
  await Promise.all(descendants(component).map((child) => child.urn.promise()));
  new Probe(one.name, outputs);
}
