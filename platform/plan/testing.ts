import type { Evaluation, PropertyMap, RecordedResource, ResourceOptions, Urn } from "../engine/types";
import { makeUrn, rootStackType } from "../engine/urn";

/** Literal evaluations for tests of the plan: what a program would have registered, written down. */
export const testStack = { project: "shop", stack: "prod" } as const;

export const rootUrn: Urn = makeUrn(testStack.stack, testStack.project, undefined, rootStackType, "shop-prod");

export const urnOf = (type: string, name: string, parent?: Urn): Urn =>
  makeUrn(testStack.stack, testStack.project, parent, type, name);

interface Extra {
  readonly parent?: Urn;
  readonly custom?: boolean;
  readonly external?: boolean;
  readonly id?: string;
  readonly provider?: string;
  readonly outputs?: PropertyMap;
  /** Property to the URNs its value comes from. */
  readonly from?: Readonly<Record<string, readonly Urn[]>>;
  readonly options?: ResourceOptions;
}

export function record(type: string, name: string, inputs: PropertyMap = {}, extra: Extra = {}): RecordedResource {
  const {
    parent = rootUrn,
    custom = true,
    external = false,
    from = {},
    options = {},
    outputs = inputs,
    ...rest
  } = extra;
  return {
    urn: urnOf(type, name, parent),
    type,
    name,
    custom,
    external,
    parent,
    inputs,
    outputs,
    dependencies: [...new Set(Object.values(from).flat())],
    propertyDependencies: from,
    options,
    ...rest,
  };
}

export function evaluation(resources: readonly RecordedResource[], outputs: PropertyMap = {}): Evaluation {
  const root: RecordedResource = {
    ...record(rootStackType, "shop-prod", {}, { custom: false, outputs }),
    urn: rootUrn,
    parent: undefined,
  };
  return {
    ...testStack,
    config: { "aws:region": "us-east-1" },
    resources: [root, ...resources],
    outputs,
    diagnostics: [],
    durationMs: 1,
  };
}
