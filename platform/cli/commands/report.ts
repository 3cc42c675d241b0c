import { resolve } from "node:path";
import type { Command } from "commander";
import { stateWithoutStandIns } from "../../plan/references";
import { stateOfEvaluation } from "../../plan/states";
import { simulationCharts } from "../../report/charts";
import { renderPage } from "../../report/page";
import { evaluateWithStandIns } from "../../review/evaluate";
import { findingsOf } from "../../review/stack-review";
import { presets } from "../../simulator/demand/generators";
import { writeText } from "../files";
import { evaluationOptions } from "../options";
import { withProgress } from "../progress";
import { findProject } from "../project";
import { chooseStack } from "../stack";

interface ReportFlags {
  readonly stack?: string;
  readonly cwd: string;
  readonly timeout: number;
  readonly out: string;
  readonly demand: string;
  readonly json?: boolean;
}

const examples = `
Examples:
  platform report --stack prod --out prod.html
  platform report --stack prod --demand launch --out launch.html
`;

/** `platform report`: one self-contained page about a stack. */
export function registerReport(program: Command): void {
  const command = program
    .command("report")
    .description(
      "Writes one self-contained HTML page: architecture, cost with a slider for players, findings, resources.",
    )
    .requiredOption("--out <file>", "where the page is written")
    .option("--demand <preset>", `what the charts simulate: ${Object.keys(presets).join(", ")}`, "daily")
    .option("--json", "print where it was written, and how large it is, as JSON");
  for (const option of evaluationOptions()) command.addOption(option);
  command.addHelpText("after", examples).action(report);
}

async function report(flags: ReportFlags): Promise<void> {
  const projectDir = findProject(resolve(flags.cwd));
  const stack = chooseStack(projectDir, flags.stack);
  const options = { projectDir, stack, timeoutMs: flags.timeout * 1000 };
  const evaluation = await withProgress(`evaluating ${stack}`, () => evaluateWithStandIns(options));
  const judged = stateOfEvaluation(evaluation);
  const state = { ...judged, resources: judged.resources.map(stateWithoutStandIns) };
  const today = new Date().toISOString().slice(0, 10);
  const findings = findingsOf(state, today, true, judged);
  const charts = await withProgress("simulating", () => simulationCharts(evaluation, flags.demand));
  const page = renderPage({ state, findings, charts, today });
  writeText(flags.out, "--out", page);
  const bytes = Buffer.byteLength(page);
  console.log(
    flags.json
      ? JSON.stringify({ file: flags.out, bytes })
      : `${flags.out}: ${Math.round(bytes / 1024)} KiB, opens in any browser`,
  );
}
