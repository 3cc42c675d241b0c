import { runMain } from "../../runtime/main";
import { runCommandLine } from "./cli/program";
import { runWorkerRole } from "./worker-main";

// In the bundle the database's thread runs this same file.
if (!runWorkerRole()) void runMain("ai-router", () => runCommandLine(process.argv.slice(2)));
