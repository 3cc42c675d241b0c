import type { Command } from "commander";
import { InputError } from "../../../contracts/input-error";
import { allContracts } from "../../../contracts/services";
import { asyncApiDocument } from "../../../runtime/service/asyncapi";
import { openApiDocument } from "../../../runtime/service/openapi";

const examples = `
Examples:
  platform document asyncapi
  platform document openapi capability-registry
`;

/** `platform document`: prints what the contracts say in the words of OpenAPI and AsyncAPI. */
export function registerDocument(program: Command): void {
  const document = program.command("document").description("Prints the documents of the contracts.");
  document
    .command("openapi <service>")
    .description("OpenAPI 3.1 of a service's API.")
    .addHelpText("after", examples)
    .action((name: string) => {
      const contract = allContracts.find((each) => each.name === name);
      if (contract === undefined) {
        const allowed = allContracts.map((each) => each.name).join(", ");
        throw new InputError({ path: "service", given: name, allowed, where: "platform document openapi" });
      }
      print(openApiDocument(contract));
    });
  document
    .command("asyncapi")
    .description("AsyncAPI 3.0 of the game's events, with who publishes and hears them.")
    .addHelpText("after", examples)
    .action(() => print(asyncApiDocument(allContracts)));
}

function print(document: object): void {
  process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
}
