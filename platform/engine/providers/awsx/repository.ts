import { childMaker, type Derivable, derive, expansionOf, omit, outputOf, pick, referenceTo } from "../../expansion";
import type { Expansion, ExpansionScope } from "../../plugin";
import type { PropertyMap } from "../../types";

interface Rule {
  readonly description?: string;
  readonly tagStatus: string;
  readonly tagPrefixList?: readonly string[];
  readonly maximumNumberOfImages?: number;
  readonly maximumAgeLimit?: number;
}

const keepOneUntagged: Rule = {
  description: "remove untagged images",
  tagStatus: "untagged",
  maximumNumberOfImages: 1,
};

/** Expands `awsx:ecr:Repository`. */
export async function expandRepository(scope: ExpansionScope): Promise<Expansion> {
  const { args } = scope;
  const make = childMaker(scope);
  const name = scope.name.toLowerCase();
  const repository = await make("aws:ecr/repository:Repository", name, omit(args, ["lifecyclePolicy"]));
  const outputs = { repository: referenceTo(repository), url: outputOf(repository, "repositoryUrl") };
  const { skip, rules } = (args.lifecyclePolicy ?? {}) as PropertyMap;
  if (skip === true) return expansionOf(outputs);
  const lifecyclePolicy = await make("aws:ecr/lifecyclePolicy:LifecyclePolicy", name, {
    repository: outputOf(repository, "name"),
    policy: rules === undefined ? policyDocument([keepOneUntagged]) : derive([rules], policyDocument),
    ...pick(args, ["region"]),
  });
  return expansionOf({ ...outputs, lifecyclePolicy: referenceTo(lifecyclePolicy) });
}

function policyDocument(rules: readonly Rule[]): Derivable {
  const isAny = ({ tagStatus }: Rule): boolean => tagStatus === "any";
  if (rules.filter(isAny).length > 1) {
    throw new Error('lifecyclePolicy.rules: more than one has tagStatus "any"; only one is allowed');
  }
  const ordered = [...rules.filter((rule) => !isAny(rule)), ...rules.filter(isAny)];
  return { rules: ordered.map((rule, index) => describeRule(rule, index + 1)) };
}

function describeRule(rule: Rule, rulePriority: number): PropertyMap {
  return {
    rulePriority,
    ...(rule.description === undefined ? {} : { description: rule.description }),
    selection: { ...tagSelection(rule), ...countSelection(rule) },
    action: { type: "expire" },
  };
}

function tagSelection({ tagStatus, tagPrefixList = [] }: Rule): PropertyMap {
  if (tagStatus === "any" || tagStatus === "untagged") return { tagStatus };
  if (tagPrefixList.length === 0) throw new Error("lifecyclePolicy.rules: tagPrefixList is empty; it needs a prefix");
  return { tagStatus: "tagged", tagPrefixList: [...tagPrefixList] };
}

function countSelection({ maximumNumberOfImages, maximumAgeLimit }: Rule): PropertyMap {
  if (maximumNumberOfImages !== undefined) {
    return { countType: "imageCountMoreThan", countNumber: maximumNumberOfImages };
  }
  if (maximumAgeLimit !== undefined) {
    return { countType: "sinceImagePushed", countNumber: maximumAgeLimit, countUnit: "days" };
  }
  throw new Error("lifecyclePolicy.rules: a rule needs maximumNumberOfImages or maximumAgeLimit");
}
