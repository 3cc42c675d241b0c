import type { Finding } from "../../policies/evaluate";
import { type Exception, exceptions, patternCovers } from "../../policies/exceptions";
import type { Severity } from "../../policies/rule";
import { rules } from "../../policies/rules";
import type { StackReview } from "./stack-review";

/** Version of what a judge answers; raised when `StackReview` or `Rulebook` change in a way that an older reader misunderstands. */
export const answerVersion = 1;

interface RuleHead {
  readonly id: string;
  /** Its ids in other catalogues. @default none */
  readonly alsoKnownAs?: readonly string[];
  readonly title: string;
  readonly severity: Severity;
}

/** What a checkout judges by, as far as it can be listed. */
export interface Rulebook {
  readonly rules: readonly RuleHead[];
  readonly exceptions: readonly Exception[];
}

/** What a judge says of the evidence. */
export interface Answer {
  readonly version: number;
  readonly review: StackReview;
  readonly rulebook: Rulebook;
}

/** The rulebook of this checkout. */
export const ownRulebook = (): Rulebook => ({
  rules: rules.map(({ id, alsoKnownAs, title, severity }) => ({ id, alsoKnownAs, title, severity })),
  exceptions,
});

/** Dollars a month at the expected level, by the base's prices and by the head's. */
export interface PricedTwice {
  readonly byBase: number;
  readonly byHead: number;
}

/** What a pull request's own change of rules, exceptions, prices or tables alters. */
export interface RulebookChange {
  readonly added: readonly RuleHead[];
  readonly removed: readonly RuleHead[];
  /** Rules whose severity is another, as the head has them. */
  readonly regraded: readonly RuleHead[];
  /** Exceptions that reach further than any of the base: new ones, more stacks or resources, a later day. */
  readonly widened: readonly Exception[];
  /** Exceptions that the head no longer has, or has narrower. */
  readonly narrowed: readonly Exception[];
  /** Findings of the new state by the base alone, and by the head alone. */
  readonly onlyBase: readonly Finding[];
  readonly onlyHead: readonly Finding[];
  /** Absent where both come to the same. */
  readonly monthBefore?: PricedTwice;
  readonly monthAfter?: PricedTwice;
  /** Resources whose step is another by the head's tables: URN, the base's operation and the head's. */
  readonly steps: readonly { readonly name: string; readonly byBase: string; readonly byHead: string }[];
}

/** Compares two judgements of the same evidence. */
export function compareAnswers(base: Answer, head: Answer): RulebookChange {
  const known = byId(base.rulebook);
  const kept = byId(head.rulebook);
  const ofBase = findingsAfter(base.review);
  const ofHead = findingsAfter(head.review);
  return {
    added: head.rulebook.rules.filter((rule) => !idsOf(rule).some((id) => known.has(id))),
    removed: base.rulebook.rules.filter((rule) => !idsOf(rule).some((id) => kept.has(id))),
    regraded: head.rulebook.rules.filter(({ id, severity }) => (known.get(id)?.severity ?? severity) !== severity),
    widened: wider(head.rulebook.exceptions, base.rulebook.exceptions),
    narrowed: wider(base.rulebook.exceptions, head.rulebook.exceptions),
    onlyBase: without(ofBase, ofHead),
    onlyHead: without(ofHead, ofBase),
    ...priced("monthBefore", base.review.bill.before, head.review.bill.before),
    ...priced("monthAfter", base.review.bill.after, head.review.bill.after),
    steps: otherSteps(base.review, head.review),
  };
}

const idsOf = ({ id, alsoKnownAs = [] }: RuleHead): readonly string[] => [id, ...alsoKnownAs];

/** Rules by each of their ids, so that one that goes by another is the same rule. */
const byId = ({ rules: all }: Rulebook): ReadonlyMap<string, RuleHead> =>
  new Map(all.flatMap((rule) => idsOf(rule).map((id) => [id, rule] as const)));

/** True when the change alters nothing. */
export const altersNothing = (change: RulebookChange): boolean =>
  Object.values(change).every((value) => Array.isArray(value) && value.length === 0);

const findingsAfter = ({ findings }: StackReview): readonly Finding[] => [
  ...findings.introduced,
  ...findings.remaining,
];

function without(all: readonly Finding[], others: readonly Finding[]): Finding[] {
  const key = ({ rule, urn, status }: Finding): string => `${rule} ${urn} ${status}`;
  const known = new Set(others.map(key));
  return all.filter((finding) => !known.has(key(finding)));
}

type Total = { readonly total: { readonly expected: number } } | undefined;

function priced(key: "monthBefore" | "monthAfter", base: Total, head: Total): Partial<RulebookChange> {
  if (base === undefined || head === undefined) return {};
  const [byBase, byHead] = [base.total.expected, head.total.expected];
  return Math.abs(byBase - byHead) < 0.005 ? {} : { [key]: { byBase, byHead } };
}

function otherSteps(base: StackReview, head: StackReview): RulebookChange["steps"] {
  const ofHead = new Map(head.plan.steps.map(({ urn, op }) => [urn, op]));
  return base.plan.steps.flatMap(({ urn, name, op }) => {
    const byHead = ofHead.get(urn) ?? "no step";
    return byHead === op ? [] : [{ name, byBase: op, byHead }];
  });
}

/** The exceptions, taken apart by stack and resource, that none of the others covers; joined again. */
function wider(all: readonly Exception[], others: readonly Exception[]): Exception[] {
  return all.flatMap((exception) => {
    const open = exception.stacks.flatMap((stack) =>
      exception.resources
        .filter((resource) => !others.some((other) => covers(other, exception, stack, resource)))
        .map((resource) => ({ stack, resource })),
    );
    if (open.length === 0) return [];
    const stacks = [...new Set(open.map(({ stack }) => stack))];
    const resources = [...new Set(open.map(({ resource }) => resource))];
    return [{ ...exception, stacks, resources }];
  });
}

function covers(wide: Exception, { rule, expires }: Exception, stack: string, resource: string): boolean {
  return (
    wide.rule === rule &&
    wide.expires >= expires &&
    wide.stacks.some((pattern) => patternCovers(pattern, stack)) &&
    wide.resources.some((pattern) => patternCovers(pattern, resource))
  );
}
