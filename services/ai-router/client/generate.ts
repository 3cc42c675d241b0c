/** Writes openapi.json and types.ts from the schemas that requests are checked with. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import openapiTS, { astToString } from "openapi-typescript";
import { runMain } from "../../../runtime/main";
import { openApiDocument } from "../api/openapi";

void runMain("ai-router:client", async () => {
  const document = JSON.parse(JSON.stringify(openApiDocument())) as Parameters<typeof openapiTS>[0];
  writeFileSync(join(__dirname, "openapi.json"), `${JSON.stringify(document, null, 2)}\n`);
  const source = astToString(await openapiTS(document));
  writeFileSync(
    join(__dirname, "types.ts"),
    `// Generated from openapi.json by "npm run ai-router:client".\n${source}`,
  );
  return 0;
});
