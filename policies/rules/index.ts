import type { Rule } from "../rule";
import { computeRules } from "./compute";
import { containerRules } from "./containers";
import { databaseRules } from "./database";
import { encryptionRules } from "./encryption";
import { exposureRules } from "./exposure";
import { identityRules } from "./iam-identity";
import { trustRules } from "./iam-trust";
import { listenerRules } from "./listeners";
import { loadBalancingRules } from "./load-balancing";
import { loggingRules } from "./logging";
import { networkRules } from "./network";
import { publicAccessRules } from "./public-access";
import { resourcePolicyRules } from "./resource-policies";
import { retentionRules } from "./retention";
import { scalingRules } from "./scaling";
import { storageRules } from "./storage";

/** Every rule, by topic. */
export const rules: readonly Rule[] = [
  ...exposureRules,
  ...publicAccessRules,
  ...identityRules,
  ...trustRules,
  ...resourcePolicyRules,
  ...encryptionRules,
  ...listenerRules,
  ...loadBalancingRules,
  ...retentionRules,
  ...loggingRules,
  ...networkRules,
  ...containerRules,
  ...databaseRules,
  ...computeRules,
  ...scalingRules,
  ...storageRules,
];
