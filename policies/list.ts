import { exceptions } from "./exceptions";
import { rules } from "./rules";

/** The rules and the exceptions in force as Markdown: `npm run policies`. */
export function listPolicies(): string {
  const rows = rules.map(
    ({ id, alsoKnownAs = [], severity, title, remediation }) =>
      `| ${[id, ...alsoKnownAs].join(", ")} | ${severity} | ${title} | ${remediation.replace(/\|/g, "\\|")} |`,
  );
  const excepted = exceptions.map(
    ({ rule, stacks, resources, reason, expires }) =>
      `| ${rule} | ${stacks.join(", ")} | ${resources.join(", ")} | ${reason} | ${expires} |`,
  );
  return [
    `${rules.length} rules`,
    "",
    "| Id | Severity | What must hold | What to change |",
    "|---|---|---|---|",
    ...rows,
    "",
    `${exceptions.length} exceptions`,
    "",
    "| Rule | Stacks | Resources | Reason | Until |",
    "|---|---|---|---|---|",
    ...excepted,
    "",
  ].join("\n");
}

if (require.main === module) process.stdout.write(listPolicies());
