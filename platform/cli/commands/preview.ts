import { resolve } from "node:path";
import type { Command } from "commander";
import { exitCodes } from "../../../runtime/main";
import { evaluate } from "../../engine";
import { baselineForms } from "../../plan/baseline/forms";
import { digestOf, printDigest } from "../../plan/digest";
import { painter, printDetail, printTree } from "../../plan/display";
import { stepFilter } from "../../plan/filter";
import type { Plan } from "../../plan/model";
import { makePlan } from "../../plan/plan";
import { planAgainst } from "../../plan/plan-stack";
import { hasChanges, type ShowOptions, shownSteps } from "../../plan/show";
import { colorOption, evaluationOptions, list, wantsColor } from "../options";
import { withProgress } from "../progress";
import { findProject } from "../project";
import { chooseStack } from "../stack";

interface PreviewFlags {
  readonly stack?: string;
  readonly cwd: string;
  readonly timeout: number;
  readonly baseline?: string;
  readonly diff?: boolean;
  readonly json?: boolean;
  readonly exitCode?: boolean;
  readonly only?: string[];
  readonly hide?: string[];
  readonly target?: string[];
  readonly showSames?: boolean;
  readonly showReads?: boolean;
  readonly showFullOutput?: boolean;
  readonly color: string;
}

const examples = `
Without --baseline the plan is that of an empty stack. --only, --hide and --target choose what is shown and what
--exit-code judges; the totals under "Resources:" are always those of the whole plan.

Examples:
  platform preview --stack prod
  platform preview --stack dev --diff
  platform preview --stack prod --baseline git:main
  platform preview --stack prod --baseline git:HEAD~1 --only replace,delete --exit-code
  platform preview --stack pr-7 --json > preview.json
  pulumi stack export -s prod | platform preview --stack prod --baseline /dev/stdin --diff
`;

/** `platform preview`: what the program would make or change, without a cloud. */
export function registerPreview(program: Command): void {
  const command = program
    .command("preview")
    .description("Shows what `up` would do to a stack, without credentials and without a cloud.")
    .option("--baseline <from>", `what to compare with: ${baselineForms}`)
    .option("--diff", "show every property")
    .option("--json", "print Pulumi's preview digest, with one more key: platform")
    .option("--exit-code", "exit with 1 when something that is shown would change")
    .option("--only <operations>", "show only these, such as replace,delete", list("--only", "operations"))
    .option(
      "--hide <operations or types>",
      "leave these out, such as read,aws:iam/*",
      list("--hide", "operations or types"),
    )
    .option("--target <patterns>", "show only these URNs, types or names; * is any text", list("--target", "patterns"))
    .option("--show-sames", "show what does not change too")
    .option("--show-reads", "show what the program only reads in the tree too")
    .option("--show-full-output", "do not cut long texts");
  for (const option of [...evaluationOptions(), colorOption()]) command.addOption(option);
  command.addHelpText("after", examples).action(async (flags: PreviewFlags) => {
    process.exitCode = await preview(flags);
  });
}

async function preview(flags: PreviewFlags): Promise<number> {
  const filter = stepFilter(flags);
  const projectDir = findProject(resolve(flags.cwd));
  const options = { projectDir, stack: chooseStack(projectDir, flags.stack), timeoutMs: flags.timeout * 1000 };
  const { baseline } = flags;
  const plan = await withProgress(`evaluating ${options.stack}`, async () =>
    baseline === undefined ? makePlan(await evaluate(options)) : planAgainst(baseline, options),
  );
  const show: ShowOptions = { sames: flags.showSames, filter };
  process.stdout.write(render(plan, flags, show));
  return flags.exitCode && hasChanges(shownSteps(plan, show)) ? exitCodes.findings : exitCodes.fine;
}

function render(plan: Plan, flags: PreviewFlags, show: ShowOptions): string {
  if (flags.json) return printDigest(digestOf(plan, shownSteps(plan, show)));
  const style = { paint: painter(wantsColor(flags.color, process.stdout)), truncate: flags.showFullOutput !== true };
  if (flags.diff) return printDetail(plan, shownSteps(plan, show), style);
  return printTree(plan, shownSteps(plan, { ...show, reads: flags.showReads === true }), style);
}
