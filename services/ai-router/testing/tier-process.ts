import { startTierDouble } from "./tier-double";

/** The tier double in a process of its own: `tier-process.ts PORT`. */
void startTierDouble("silver", Number(process.argv[2]), false);
