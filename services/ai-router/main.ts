import { endAnyway, runMain } from "../../runtime/main";
import { runRouterCommand } from "./cli/program";
import { runWorkerRole } from "./worker-main";

// In the bundle the database's thread runs this same file.
if (!runWorkerRole()) void runMain("ai-router", () => runRouterCommand(process.argv.slice(2))).then(endAnyway);
