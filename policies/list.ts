import { checkovVersion, decisionsFor } from "./catalogue/checkov";
import { terraformTypes } from "./catalogue/terraform-types";
import { exceptions } from "./exceptions";
import { rules } from "./rules";

const table = (head: readonly string[], rows: readonly (readonly string[])[]): string[] =>
  [head, head.map(() => "---"), ...rows].map(
    (cells) => `| ${cells.map((one) => one.replace(/\|/g, "\\|")).join(" | ")} |`,
  );

const shortType = (type: string): string => type.split(":").at(-1)!;

/** The rules, the exceptions in force and the decisions about Checkov's checks as Markdown: `npm run policies`. */
export function listPolicies(): string {
  const decisions = decisionsFor(Object.keys(terraformTypes));
  const refused = decisions.filter((one) => one.rejected !== undefined);
  return [
    "# Rules",
    "",
    "Written by `npm run --silent policies > docs/rules.md`; what the rules are for: [review.md](review.md#policies).",
    "",
    `## ${rules.length} rules`,
    "",
    ...table(
      ["Id", "Severity", "What must hold", "Why", "What to change"],
      rules.map(({ id, alsoKnownAs = [], severity, title, rationale, remediation }) => [
        [id, ...alsoKnownAs].join(", "),
        severity,
        title,
        rationale,
        remediation,
      ]),
    ),
    "",
    `## ${exceptions.length} exceptions`,
    "",
    ...table(
      ["Rule", "Stacks", "Resources", "Reason", "Until"],
      exceptions.map(({ rule, stacks, resources, reason, expires }) => [
        rule,
        stacks.join(", "),
        resources.join(", "),
        reason,
        expires,
      ]),
    ),
    "",
    `## Checkov ${checkovVersion}`,
    "",
    `The program's resource types trigger ${decisions.length} of Checkov's checks: ${decisions.length - refused.length} are covered, ` +
      `${refused.length} rejected.`,
    "",
    ...table(
      ["Check", "Resources", "Covered by", "Rejected because"],
      decisions.map(({ id, types, rule, rejected }) => [
        id,
        types.map(shortType).join(", "),
        rule ?? "",
        rejected ?? "",
      ]),
    ),
    "",
  ].join("\n");
}

if (require.main === module) process.stdout.write(listPolicies());
