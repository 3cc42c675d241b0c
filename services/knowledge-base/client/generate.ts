/** Writes openapi.json and types.ts from the schemas of the routes. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import openapiTS, { astToString } from "openapi-typescript";
import { runMain } from "../../../runtime/main";
import { openApiDocument } from "./document";

void runMain("kb:client", async () => {
  const document = await openApiDocument();
  writeFileSync(join(__dirname, "openapi.json"), `${JSON.stringify(document, null, 2)}\n`);
  const source = await openapiTS(document as unknown as Parameters<typeof openapiTS>[0]);
  writeFileSync(
    join(__dirname, "types.ts"),
    `// Generated from openapi.json by "npm run kb:client".\n${astToString(source)}`,
  );
  return 0;
});
