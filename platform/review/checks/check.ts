import type { Finding } from "../../../policies/evaluate";
import type { Severity } from "../../../policies/rule";
import type { ResourceState } from "../../plan/model";
import type { Graph } from "../../pricing/graph";

/** What a check may look at: the stack, its look-ups, and where it stands. */
export interface CheckContext {
  readonly stack: string;
  readonly resources: readonly ResourceState[];
  readonly graph: Graph;
}

/** A look across resources at what no single value shows. */
export interface Check {
  /** Stable id, `LIMIT-` for what AWS refuses, `WIRING-` for what would not work together. */
  readonly id: string;
  readonly severity: Severity;
  readonly title: string;
  readonly remediation: string;
  readonly find: (context: CheckContext) => readonly Problem[];
}

export interface Problem {
  readonly urn: string;
  readonly message: string;
}

/** Runs checks and gives their problems the shape of policy findings. */
export function runChecks(checks: readonly Check[], context: CheckContext): Finding[] {
  return checks.flatMap(({ id, severity, title, remediation, find }) =>
    find(context).map(({ urn, message }) => ({
      rule: id,
      severity,
      urn,
      title,
      message,
      remediation,
      status: "violated" as const,
    })),
  );
}
