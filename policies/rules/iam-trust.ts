import { accountOf, foreigner, ownAccount, ownAccounts } from "../iam/accounts";
import { namesItsCaller } from "../iam/actions";
import { grants, isNarrowed, named, narrowedBy, narrows, type Statement } from "../iam/document";
import { documentsOf } from "../iam/places";
import type { Rule, RuleResource } from "../rule";
import { types } from "../types";
import { statement } from "./iam-identity";

type About = Pick<Rule, "id" | "alsoKnownAs" | "severity" | "title" | "rationale" | "remediation">;

export interface StatementRule extends About {
  /** What is wrong with one statement that allows something, or undefined. */
  readonly problem: (statement: Statement, own: ReadonlySet<string>) => string | undefined;
  readonly good: object;
  readonly bad: object;
  /** @default resource */
  readonly scope?: Rule["scope"];
}

/** The first problem of the statements that allow something. */
export function firstProblem(
  statements: readonly Statement[],
  problem: StatementRule["problem"],
  stack: readonly RuleResource[],
): string | undefined {
  const own = ownAccounts(stack);
  for (const [index, one] of statements.entries()) {
    const found = one.allow ? problem(one, own) : undefined;
    if (found !== undefined) return `${named(one, index)} ${found}`;
  }
  return undefined;
}

function trustRule({ problem, good, bad, ...about }: StatementRule): Rule {
  const example = (fields: object) => [{ type: types.role, props: { assumeRolePolicy: statement(fields) } }];
  return {
    ...about,
    types: [types.role],
    scope: about.scope ?? "resource",
    check: (resource, stack) => firstProblem(documentsOf(resource, "trust"), problem, stack),
    passing: example(good),
    failing: example(bad),
  };
}

/** Keys by which a statement is kept to one caller of a service. */
const callerKeys = ["aws:sourceaccount", "aws:sourcearn", "aws:sourceorgid", "aws:sourceowner", "aws:principalorgid"];

export const anybody = ({ principals }: Statement): boolean => (principals.AWS ?? []).includes("*");

/** A service that says for whom it acts, in a statement that does not ask. */
export function confusedDeputy(one: Statement): string | undefined {
  const found = (one.principals.Service ?? []).find((service) =>
    namesItsCaller.includes(service.replace(/\.[a-z]{2}(-[a-z]+)+-\d\.amazonaws\.com$/, ".amazonaws.com")),
  );
  return found === undefined || narrowedBy(one, callerKeys)
    ? undefined
    : `lets ${found} act for any account: no aws:SourceAccount or aws:SourceArn`;
}

const github = "token.actions.githubusercontent.com";
const isGithub = ({ principals }: Statement): boolean =>
  (principals.Federated ?? []).some((provider) => provider.includes(github));

function githubProblem(one: Statement): string | undefined {
  if (!isGithub(one)) return undefined;
  const subjects = one.conditions.filter((condition) => condition.key === `${github}:sub` && narrows(condition));
  if (subjects.length === 0) return "takes the tokens of every repository: no condition on sub";
  const loose = subjects
    .flatMap(({ operator, values }) => (operator === "StringLike" ? values : []))
    .find((value) => !/^repo:[^*?:/]+\/[^*?:]+:/.test(value));
  if (loose !== undefined) return `takes the tokens of repositories that others can make: ${loose}`;
  return one.conditions.some(({ key }) => key === `${github}:aud`) ? undefined : "has no condition on aud";
}

const service = (extra: object = {}) => ({
  Principal: { Service: "ecs-tasks.amazonaws.com" },
  Action: "sts:AssumeRole",
  ...extra,
});
const ownAccountOnly = { Condition: { StringEquals: { "aws:SourceAccount": ownAccount } } };
const federated = (conditions: object) => ({
  Principal: { Federated: `arn:aws:iam::${ownAccount}:oidc-provider/${github}` },
  Action: "sts:AssumeRoleWithWebIdentity",
  Condition: conditions,
});
const audience = { [`${github}:aud`]: "sts.amazonaws.com" };

export const trustRules: readonly Rule[] = [
  trustRule({
    id: "CKV_AWS_60",
    severity: "critical",
    title: "Not everybody may take a role",
    rationale: "A role that trusts a star is anybody's role.",
    remediation: "Name the service or the role that takes it.",
    problem: (one) => (anybody(one) && !isNarrowed(one) ? "lets everybody take the role" : undefined),
    good: service(ownAccountOnly),
    bad: { Principal: { AWS: "*" }, Action: "sts:AssumeRole" },
  }),
  trustRule({
    id: "CKV_AWS_61",
    severity: "high",
    title: "Roles trust roles, not whole accounts",
    rationale: "An account as principal hands the decision to everybody there who may write a policy.",
    remediation: "Name the role that takes it.",
    problem: (one) => {
      const found = (one.principals.AWS ?? []).find((who) => /^(\d{12}|arn:[^:]*:iam::\d{12}:root)$/.test(who));
      return found === undefined || isNarrowed(one) ? undefined : `trusts all of account ${accountOf(found)}`;
    },
    good: { Principal: { AWS: `arn:aws:iam::${ownAccount}:role/deployer` }, Action: "sts:AssumeRole" },
    bad: { Principal: { AWS: `arn:aws:iam::${ownAccount}:root` }, Action: "sts:AssumeRole" },
  }),
  trustRule({
    id: "GAP-TRUST-FOREIGN",
    severity: "high",
    title: "Roles of other accounts prove who they act for",
    rationale: "A vendor whose account serves many customers can be tricked into using the role for another one.",
    remediation: "Set the condition sts:ExternalId or aws:PrincipalOrgID.",
    scope: "stack",
    problem: (one, own) => {
      const found = foreigner(one, own);
      return found !== undefined && !narrowedBy(one, ["sts:externalid", "aws:principalorgid"])
        ? `trusts ${found} without sts:ExternalId`
        : undefined;
    },
    good: {
      Principal: { AWS: "arn:aws:iam::210987654321:role/vendor" },
      Action: "sts:AssumeRole",
      Condition: { StringEquals: { "sts:ExternalId": "game" } },
    },
    bad: { Principal: { AWS: "arn:aws:iam::210987654321:role/vendor" }, Action: "sts:AssumeRole" },
  }),
  trustRule({
    id: "GAP-TRUST-SOURCE",
    severity: "high",
    title: "Services take a role for this account only",
    rationale: "A service that acts for all its customers can be asked by one of them to use the role of another.",
    remediation: "Set the condition aws:SourceAccount or aws:SourceArn.",
    problem: confusedDeputy,
    good: service(ownAccountOnly),
    bad: service(),
  }),
  trustRule({
    id: "CKV_AWS_393",
    alsoKnownAs: ["CKV_AWS_358"],
    severity: "critical",
    title: "Pipelines take a role for one repository",
    rationale: "Without a condition on the subject every repository of GitHub may take the role.",
    remediation: "Compare sub with repo:OWNER/NAME:... by StringEquals and aud with sts.amazonaws.com.",
    problem: githubProblem,
    good: federated({ StringEquals: { ...audience, [`${github}:sub`]: "repo:studio/game:environment:prod" } }),
    bad: federated({ StringEquals: audience, StringLike: { [`${github}:sub`]: "repo:studio*" } }),
  }),
  trustRule({
    id: "GAP-TRUST-FEDERATED",
    severity: "critical",
    title: "Tokens of a provider are told apart",
    rationale: "A provider vouches for all its users; the role is meant for some.",
    remediation: "Compare the provider's aud and sub.",
    problem: (one) =>
      (one.principals.Federated ?? []).length > 0 &&
      !isGithub(one) &&
      grants(one, "sts:AssumeRoleWithWebIdentity") &&
      !isNarrowed(one)
        ? "takes every token of its provider"
        : undefined,
    good: {
      Principal: { Federated: "accounts.google.com" },
      Action: "sts:AssumeRoleWithWebIdentity",
      Condition: { StringEquals: { "accounts.google.com:aud": "1" } },
    },
    bad: { Principal: { Federated: "accounts.google.com" }, Action: "sts:AssumeRoleWithWebIdentity" },
  }),
];
