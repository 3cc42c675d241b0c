import { loadConfig } from "./config";
import { platformStack } from "./platform";
import { sharedStack } from "./shared";

const config = loadConfig();

export = config.kind === "shared" ? sharedStack(config) : platformStack(config);
