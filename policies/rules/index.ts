import type { Rule } from "../rule";
import { computeRules } from "./compute";
import { containerRules } from "./containers";
import { databaseRules } from "./database";
import { loadBalancingRules } from "./load-balancing";
import { networkRules } from "./network";
import { protectionRules } from "./protection";
import { scalingRules } from "./scaling";
import { storageRules } from "./storage";

/** Every rule, by topic. */
export const rules: readonly Rule[] = [
  ...networkRules,
  ...loadBalancingRules,
  ...containerRules,
  ...databaseRules,
  ...computeRules,
  ...scalingRules,
  ...storageRules,
  ...protectionRules,
];
