import { runMain } from "../../runtime/main";
import { runCommandLine } from "./cli/program";
import { runWorkerRole } from "./worker-main";

// In the bundle the worker threads run this same file.
if (!runWorkerRole()) void runMain("kb", () => runCommandLine(process.argv.slice(2)));
