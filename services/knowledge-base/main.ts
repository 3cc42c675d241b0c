import { runService } from "../../runtime/service";
import { service } from "./service";
import { runWorkerRole } from "./worker-main";

// In the bundle the worker threads run this same file.
if (!runWorkerRole()) void runService(service);
