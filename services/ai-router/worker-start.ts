import { runWorkerRole } from "./worker-main";

runWorkerRole();
