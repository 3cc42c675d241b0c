import fc from "fast-check";
import type { Evaluation, PropertyMap, PropertyValue, Urn } from "../engine/types";
import { secret, unknownValue } from "../engine/values";
import type { StepOp } from "./model";
import { evaluation, record, urnOf } from "./testing";

/** One resource of a program that exists as data only; `{"$ref": name}` is another's id, `{"$secret": value}` a secret. */
export interface WrittenResource {
  readonly type: string;
  readonly name: string;
  readonly inputs: PropertyMap;
  /** `aliases` are former names. */
  readonly options?: { readonly aliases?: string[]; readonly ignoreChanges?: string[]; readonly protect?: boolean };
}

/** A program, a changed copy of it, and what the change must come to. */
export interface MutatedProgram {
  readonly before: readonly WrittenResource[];
  readonly after: readonly WrittenResource[];
  /** Operation by resource name for everything but what stays the same. */
  readonly expected: Readonly<Record<string, StepOp>>;
}

const vpc = "aws:ec2/vpc:Vpc";
const group = "aws:ec2/securityGroup:SecurityGroup";
const policy = "aws:iam/policy:Policy";
const task = "aws:ecs/taskDefinition:TaskDefinition";
const service = "aws:ecs/service:Service";

/** References whose change replaces, as the AWS provider's schema has it; written down here a second time on purpose. */
const forcingReferences = new Set([`${group}.vpcId`, `${task}.taskRoleArn`, `${service}.cluster`]);

/** What the program declares, as the engine would record it. */
export function evaluationOf(program: readonly WrittenResource[]): Evaluation {
  const types = new Map(program.map(({ name, type }) => [name, type]));
  return evaluation(
    program.map(({ type, name, inputs, options: { aliases = [], ...options } = {} }) => {
      const from: Record<string, Urn[]> = {};
      const values = Object.fromEntries(
        Object.entries(inputs).map(([key, value]) => {
          const names = referencesIn(value);
          if (names.length > 0) from[key] = [...new Set(names)].sort().map((other) => urnOf(types.get(other)!, other));
          return [key, plain(value)];
        }),
      );
      return record(type, name, values, {
        from,
        options: { ...options, aliases: aliases.map((alias) => urnOf(type, alias)) },
      });
    }),
  );
}

function referencesIn(value: PropertyValue): string[] {
  if (Array.isArray(value)) return value.flatMap(referencesIn);
  if (typeof value !== "object" || value === null) return [];
  return typeof value.$ref === "string" ? [value.$ref] : Object.values(value).flatMap(referencesIn);
}

function plain(value: PropertyValue): PropertyValue {
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  if (typeof value.$ref === "string") return unknownValue;
  if (value.$secret !== undefined) return secret(value.$secret);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]));
}

interface Mutation {
  /** Types it can be made to; any when left out. */
  readonly type?: string;
  readonly effect: StepOp;
  readonly change: (resource: WrittenResource) => WrittenResource;
}

const withInputs = (resource: WrittenResource, inputs: PropertyMap): WrittenResource => ({
  ...resource,
  inputs: { ...resource.inputs, ...inputs },
});

const reversedKeys = (text: PropertyValue | undefined): string =>
  JSON.stringify(
    JSON.parse(String(text), (_, value: unknown) =>
      typeof value === "object" && value !== null && !Array.isArray(value)
        ? Object.fromEntries(Object.entries(value).reverse())
        : value,
    ),
  );

const list = (value: PropertyValue | undefined): PropertyValue[] => (Array.isArray(value) ? value : []);

/** Changes whose effect is known without any planning. */
const mutations: readonly Mutation[] = [
  { effect: "update", change: (r) => withInputs(r, { tags: { changed: "yes" } }) },
  { effect: "same", change: (r) => ({ ...r, options: { ...r.options, protect: true } }) },
  {
    effect: "same",
    change: (r) => ({ ...r, name: `${r.name}-renamed`, options: { ...r.options, aliases: [r.name] } }),
  },
  { type: vpc, effect: "replace", change: (r) => withInputs(r, { cidrBlock: "10.99.0.0/16" }) },
  { type: vpc, effect: "update", change: (r) => withInputs(r, { enableDnsSupport: false }) },
  { type: group, effect: "replace", change: (r) => withInputs(r, { description: "another text" }) },
  { type: group, effect: "same", change: (r) => withInputs(r, { ingress: list(r.inputs.ingress).slice().reverse() }) },
  {
    type: group,
    effect: "update",
    change: (r) => withInputs(r, { ingress: [...list(r.inputs.ingress), { protocol: "udp", fromPort: 9, toPort: 9 }] }),
  },
  { type: policy, effect: "same", change: (r) => withInputs(r, { policy: reversedKeys(r.inputs.policy) }) },
  {
    type: policy,
    effect: "same",
    change: (r) => withInputs(r, { policy: String(r.inputs.policy).replace('"s3:GetObject"', '["s3:GetObject"]') }),
  },
  {
    type: policy,
    effect: "update",
    change: (r) => withInputs(r, { policy: String(r.inputs.policy).replace("s3:GetObject", "s3:*") }),
  },
  {
    type: task,
    effect: "same",
    change: (r) => withInputs(r, { containerDefinitions: reversedKeys(r.inputs.containerDefinitions) }),
  },
  {
    type: task,
    effect: "replace",
    change: (r) =>
      withInputs(r, { containerDefinitions: String(r.inputs.containerDefinitions).replace("node:22", "node:24") }),
  },
  { type: service, effect: "same", change: (r) => withInputs(r, { desiredCount: 77 }) },
  { type: service, effect: "replace", change: (r) => withInputs(r, { launchType: "EXTERNAL" }) },
  { type: service, effect: "update", change: (r) => withInputs(r, { token: { $secret: "other" } }) },
];

/** Programs of 1 to 14 resources with references among them, each with up to 9 mutations. */
export const mutatedPrograms: fc.Arbitrary<MutatedProgram> = fc
  .tuple(
    fc.array(fc.tuple(fc.nat(4), fc.nat(1000)), { minLength: 1, maxLength: 14 }),
    fc.array(fc.tuple(fc.nat(1000), fc.nat(mutations.length + 1)), { minLength: 2, maxLength: 9 }),
  )
  .map(([kinds, choices]) => mutate(write(kinds), choices));

function write(kinds: readonly (readonly [kind: number, seed: number])[]): WrittenResource[] {
  const program: WrittenResource[] = [];
  const one = (type: string, seed: number): PropertyMap => {
    const known = program.filter((resource) => resource.type === type);
    return known.length === 0 ? {} : { $ref: known[seed % known.length]!.name };
  };
  kinds.forEach(([kind, seed], at) => {
    const add = (type: string, inputs: PropertyMap, options?: WrittenResource["options"]): void => {
      program.push({ type, name: `r${at}`, inputs: withoutEmpty(inputs), options });
    };
    if (kind === 0) add(vpc, { cidrBlock: `10.${seed % 99}.0.0/16`, enableDnsSupport: true });
    if (kind === 1) {
      const ingress = [
        { protocol: "tcp", fromPort: seed, toPort: seed },
        { protocol: "tcp", fromPort: 5432, toPort: 5432 },
      ];
      add(group, { description: `group ${seed}`, vpcId: one(vpc, seed), ingress });
    }
    if (kind === 2) add(policy, { policy: policyText(seed) });
    if (kind === 3)
      add(task, { family: `f${seed}`, taskRoleArn: one(policy, seed), containerDefinitions: containers(seed) });
    if (kind === 4) {
      add(
        service,
        {
          cluster: one(vpc, seed + 1),
          taskDefinition: one(task, seed),
          networkConfiguration: { securityGroups: [one(group, seed), one(group, seed + 1)].filter(isReference) },
          desiredCount: seed % 5,
          launchType: "FARGATE",
          token: { $secret: `token ${seed}` },
        },
        { ignoreChanges: ["desiredCount"] },
      );
    }
  });
  return program;
}

const isReference = (value: PropertyMap): boolean => value.$ref !== undefined;

/** Drops references to nothing: `{}` where a first resource of a kind has none to point at. */
const withoutEmpty = (inputs: PropertyMap): PropertyMap =>
  Object.fromEntries(Object.entries(inputs).filter(([, value]) => JSON.stringify(value) !== "{}"));

const policyText = (seed: number): string =>
  JSON.stringify({
    Version: "2012-10-17",
    Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: `arn:aws:s3:::b${seed}/*` }],
  });

const containers = (seed: number): string =>
  JSON.stringify([
    { name: "main", image: "node:22", essential: true, environment: [{ name: "SEED", value: String(seed) }] },
  ]);

function mutate(before: readonly WrittenResource[], choices: readonly (readonly [number, number])[]): MutatedProgram {
  const after: (WrittenResource | undefined)[] = [...before];
  const direct = new Map<string, StepOp>();
  const formerNames = new Map(before.map(({ name }) => [name, name]));
  const touched = new Set<number>();
  for (const [seed, choice] of choices) {
    const at = seed % before.length;
    const resource = before[at]!;
    if (touched.has(at)) continue;
    touched.add(at);
    if (choice === mutations.length) {
      const name = `new${at}`;
      after.push({ type: policy, name, inputs: { policy: policyText(seed) } });
      direct.set(name, "create");
    } else if (choice === mutations.length + 1) {
      if (before.some(({ inputs }) => referencesIn(inputs).includes(resource.name))) continue;
      after[at] = undefined;
      direct.set(resource.name, "delete");
    } else {
      const { type, effect, change } = mutations[choice]!;
      if (type !== undefined && type !== resource.type) continue;
      const changed = change(resource);
      after[at] = changed;
      formerNames.set(resource.name, changed.name);
      if (effect !== "same") direct.set(changed.name, effect);
    }
  }
  const renamed = after
    .filter((resource) => resource !== undefined)
    .map((resource) => ({ ...resource, inputs: renameReferences(resource.inputs, formerNames) as PropertyMap }));
  return { before, after: renamed, expected: Object.fromEntries(spread(renamed, direct)) };
}

function renameReferences(value: PropertyValue, names: ReadonlyMap<string, string>): PropertyValue {
  if (Array.isArray(value)) return value.map((item) => renameReferences(item, names));
  if (typeof value !== "object" || value === null) return value;
  if (typeof value.$ref === "string") return { $ref: names.get(value.$ref) ?? value.$ref };
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, renameReferences(item, names)]));
}

/** What refers to something replaced changes too: in place, or by replacement where the reference forces one. */
function spread(program: readonly WrittenResource[], direct: ReadonlyMap<string, StepOp>): Map<string, StepOp> {
  const effects = new Map(direct);
  for (const { type, name, inputs } of program) {
    for (const [key, value] of Object.entries(inputs)) {
      if (!referencesIn(value).some((other) => effects.get(other) === "replace")) continue;
      if (forcingReferences.has(`${type}.${key}`)) effects.set(name, "replace");
      else if (!effects.has(name)) effects.set(name, "update");
    }
  }
  return effects;
}
