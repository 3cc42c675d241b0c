import type { Check } from "./check";
import { limitChecks } from "./limits";
import { metricChecks } from "./metrics";
import { networkChecks } from "./network";
import { wiringChecks } from "./wiring";

export { type CheckContext, runChecks } from "./check";

/** Every check across resources. */
export const checks: readonly Check[] = [...limitChecks, ...metricChecks, ...networkChecks, ...wiringChecks];
