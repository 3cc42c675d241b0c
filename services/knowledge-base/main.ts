import { runMain } from "../../runtime/main";
import { runKb } from "./cli/program";
import { runWorkerRole } from "./worker-main";

// In the bundle the worker threads run this same file.
if (!runWorkerRole()) void runMain("kb", () => runKb(process.argv.slice(2)));
