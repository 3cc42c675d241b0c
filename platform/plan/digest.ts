import type { PropertyMap } from "../engine/types";
import { blindSecrets } from "../engine/values";
import type { Plan, PropertyDiff, ResourceState, Step, StepNotes, StepOp } from "./model";
import { encodeNumbers } from "./numbers";

/** `apitype.ResourceV3` in JSON: https://github.com/pulumi/pulumi/blob/master/sdk/go/common/apitype/resources.json */
export type ResourceV3 = { readonly urn: string; readonly custom: boolean; readonly type: string } & Readonly<
  Record<string, unknown>
>;

/** https://github.com/pulumi/pulumi/blob/master/pkg/display/json.go */
export interface PreviewStep {
  readonly op: StepOp;
  readonly urn: string;
  readonly provider?: string;
  readonly oldState?: ResourceV3;
  readonly newState?: ResourceV3;
  readonly diffReasons?: readonly string[];
  readonly replaceReasons?: readonly string[];
  readonly detailedDiff: Readonly<Record<string, PropertyDiff>> | null;
}

/** What `pulumi preview --json` prints, and under `platform` what only this command knows. */
export interface PreviewDigest {
  readonly config?: Readonly<Record<string, string>>;
  readonly steps?: readonly PreviewStep[];
  readonly diagnostics?: readonly { readonly urn?: string; readonly message: string; readonly severity: string }[];
  /** Nanoseconds. */
  readonly duration: number;
  readonly changeSummary: Readonly<Partial<Record<StepOp, number>>>;
  readonly platform: PlatformSection;
}

export interface PlatformSection {
  /** Version of this section's shape. */
  readonly version: 1;
  readonly project: string;
  readonly stack: string;
  /** What the plan is measured against; absent for an empty stack. */
  readonly baseline?: string;
  /** The stack's outputs, secrets blinded. */
  readonly outputs: PropertyMap;
  /** By URN, what there is to say of a step beyond the digest's own keys. */
  readonly notes: Readonly<Record<string, StepNotes>>;
  /** Resources that do not change and are no steps, so that a digest is a complete baseline whatever was shown. */
  readonly unchanged: readonly ResourceV3[];
}

/** Builds the digest of a plan; only the given steps become steps of it. */
export function digestOf(plan: Plan, shown: readonly Step[]): PreviewDigest {
  const listed = new Set(shown.map(({ urn }) => urn));
  return {
    config: Object.keys(plan.config).length === 0 ? undefined : plan.config,
    steps: shown.length === 0 ? undefined : shown.map(digestStep),
    diagnostics: plan.diagnostics.length === 0 ? undefined : plan.diagnostics,
    duration: Math.round(plan.durationMs * 1e6),
    changeSummary: plan.changeSummary,
    platform: {
      version: 1,
      project: plan.project,
      stack: plan.stack,
      baseline: plan.baseline,
      outputs: encodeNumbers(blindSecrets(plan.outputs)) as PropertyMap,
      notes: Object.fromEntries(
        plan.steps.filter(({ notes }) => Object.keys(notes).length > 0).map(({ urn, notes }) => [urn, notes]),
      ),
      unchanged: plan.steps
        .filter(({ urn, new: next }) => next !== undefined && !listed.has(urn))
        .map(({ new: next }) => resourceV3(next!)),
    },
  };
}

/** The digest as text: four spaces, as the CLI prints it. */
export const printDigest = (digest: PreviewDigest): string => `${JSON.stringify(digest, null, 4)}\n`;

function digestStep(step: Step): PreviewStep {
  return {
    op: step.op,
    urn: step.urn,
    provider: step.provider,
    oldState: step.old && resourceV3(step.old),
    newState: step.new && resourceV3(step.new),
    diffReasons: step.diffReasons.length === 0 ? undefined : step.diffReasons,
    // The CLI gives no reason for a trigger.
    replaceReasons: filled(step.replaceReasons.filter((reason) => reason !== "replacementTrigger")),
    detailedDiff: step.detailedDiff,
  };
}

/** A state in the JSON of state files, secrets blinded, keys in their usual order, empty ones left out. */
export function resourceV3(state: ResourceState): ResourceV3 {
  const full = {
    urn: state.urn,
    custom: state.custom,
    id: state.id,
    type: state.type,
    inputs: filled(encodeNumbers(blindSecrets(state.inputs))),
    outputs: filled(encodeNumbers(blindSecrets(state.outputs))),
    parent: state.parent,
    protect: state.protect || undefined,
    external: state.external || undefined,
    dependencies: filled(state.dependencies),
    provider: state.provider,
    propertyDependencies: filled(state.propertyDependencies),
    additionalSecretOutputs: filled(state.additionalSecretOutputs),
    aliases: filled(state.aliases),
    customTimeouts: filled(state.customTimeouts),
    importID: state.importId,
    retainOnDelete: state.retainOnDelete || undefined,
    deletedWith: state.deletedWith,
    replaceWith: filled(state.replaceWith),
    sourcePosition: state.sourcePosition,
    ignoreChanges: filled(state.ignoreChanges),
    hideDiff: filled(state.hideDiff),
    replaceOnChanges: filled(state.replaceOnChanges),
    replacementTrigger: state.replacementTrigger,
  };
  const known = Object.fromEntries(Object.entries(full).filter(([, value]) => value !== undefined));
  return { ...known, ...state.rest } as ResourceV3;
}

function filled<T>(value: T): T | undefined {
  return typeof value === "object" && value !== null && Object.keys(value).length === 0 ? undefined : value;
}
