import { evaluateWithStandIns } from "../review/evaluate";
import { judge } from "../review/judge";
import type { StackReview } from "../review/stack-review";
import { costOfLife } from "./cost-of-life";
import { expiryFrom, type Ttl } from "./lifetime";
import { type Demand, demandsOf } from "./preflight";
import { lifetimeKey } from "./stack-tags";

export interface PreviewRequest {
  readonly projectDir: string;
  readonly name: string;
  readonly owner: string;
  readonly ttl: Ttl;
  readonly now: Date;
  readonly timeoutMs: number;
}

/** What a stack would be, without a cloud: its plan, its rules, what its life costs and what it asks of the account. */
export interface LifePreview {
  readonly review: StackReview;
  readonly expiresAt: string;
  readonly cost: { readonly hours: number; readonly usd: number };
  readonly demands: readonly Demand[];
  /** Findings of critical and high rules: `up` refuses a stack with one. */
  readonly serious: StackReview["findings"]["introduced"];
}

/** Evaluates the program for a stack and a life. @throws EvaluationError for a program that does not evaluate. */
export async function previewLife({
  projectDir,
  name,
  owner,
  ttl,
  now,
  timeoutMs,
}: PreviewRequest): Promise<LifePreview> {
  const expiresAt = expiryFrom(now, ttl);
  const after = await evaluateWithStandIns({
    projectDir,
    stack: name,
    timeoutMs,
    config: { [lifetimeKey]: JSON.stringify({ expiresAt, owner }) },
  });
  const review = judge({ before: { problem: "a new stack" }, after, today: now.toISOString().slice(0, 10) });
  return {
    review,
    expiresAt,
    cost: costOfLife(review.bill.after, ttl),
    demands: demandsOf(after.resources),
    serious: review.findings.introduced.filter(
      ({ status, severity }) => status === "violated" && (severity === "critical" || severity === "high"),
    ),
  };
}
