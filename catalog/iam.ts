import { badName, type LimitProblem, type NameLimit, outside, type Range } from "./problem";

const pattern = /^[\w+=,.@-]+$/;
const words = "letters, digits, + = , . @ _ -";
/** Names; IAM compares them without case. Source: IAM User Guide, "IAM and AWS STS quotas". */
export const iamNames = {
  role: { max: 64, pattern, words },
  instanceProfile: { max: 128, pattern, words },
  policy: { max: 128, pattern, words },
} as const satisfies Record<string, NameLimit>;

/** Sizes of policies in characters, white space not counted, and session lengths. Source: the same page. */
export const iamLimits = {
  inlinePoliciesOfRole: { min: 0, max: 10_240, unit: "characters" },
  managedPolicy: { min: 1, max: 6144, unit: "characters" },
  trustPolicy: { min: 1, max: 2048, unit: "characters" },
  sessionSeconds: { min: 3600, max: 43_200, unit: "seconds" },
} as const satisfies Record<string, Range>;

/** The problem of a policy document that is too long for its kind. */
export function policySizeProblem(
  kind: "inlinePoliciesOfRole" | "managedPolicy" | "trustPolicy",
  document: string,
): LimitProblem | undefined {
  return outside(document.replace(/\s/g, "").length, iamLimits[kind]);
}

/** The problem of a role's name. */
export const roleNameProblem = (name: string): LimitProblem | undefined => badName(name, iamNames.role);

/** Names and values of secrets. Source: Secrets Manager API reference, CreateSecret and DeleteSecret. */
export const secretLimits = {
  valueBytes: { min: 1, max: 65_536, unit: "bytes" },
  /** 0 deletes at once, which an ephemeral stack needs to be made again under the same name. */
  recoveryDays: { min: 7, max: 30, unit: "days" },
} as const satisfies Record<string, Range>;

/** The problem of a secret's name: six characters behind a hyphen at the end read like the suffix of its ARN. */
export function secretNameProblem(name: string): LimitProblem | undefined {
  return badName(name, {
    max: 512,
    pattern: /^(?!.*-[A-Za-z0-9]{6}$)[A-Za-z0-9/_+=.@-]+$/,
    words: "letters, digits, / _ + = . @ -; not ending in a hyphen and six characters",
  });
}
