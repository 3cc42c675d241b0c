import type { Command } from "commander";
import { newService } from "../../scaffold/new-service";
import { findProject } from "../project";

const examples = `
Examples:
  platform new service quest-board
`;

/** `platform new service NAME`: the files of a service on the kit. */
export function registerNew(program: Command): void {
  program
    .command("new")
    .description("Makes the files of something new.")
    .command("service <name>")
    .description(
      "Contract, service, table and test of a new service, and its lines in the lists of contracts and events.",
    )
    .option("-C, --cwd <folder>", "folder of the Pulumi project, or one below it", ".")
    .option("--json", "print JSON")
    .addHelpText("after", examples)
    .action((name: string, { cwd, json }: { cwd: string; json?: boolean }) => {
      const { made, changed, catalogueEntry } = newService(findProject(cwd), name);
      if (json) {
        process.stdout.write(`${JSON.stringify({ made, changed, catalogueEntry })}\n`);
        return;
      }
      const lines = [
        ...made.map((path) => `made     ${path}`),
        ...changed.map((path) => `changed  ${path}`),
        "",
        "npm run format, then npx mocha services/conformance.test.ts, and:",
        catalogueEntry === undefined
          ? `set source: "repository" and what it needs in the entry of ${name} in stacks/service-catalogue.ts`
          : `add this entry to stacks/service-catalogue.ts:\n${catalogueEntry}`,
        "Then its row in docs/services.md. How to go on: docs/services.md, Add your service.",
      ];
      process.stdout.write(`${lines.join("\n")}\n`);
    });
}
