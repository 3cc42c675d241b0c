import { at, list, propertyRule, type Rule } from "../rule";

const instance = "aws:rds/instance:Instance";
const on = { type: instance, allowed: [true], wrong: false } as const;

const encrypted = propertyRule({
  ...on,
  id: "CKV_AWS_16",
  severity: "critical",
  title: "RDS storage is encrypted",
  rationale: "Snapshots and disks that leave the account must be useless to whoever has them.",
  remediation: "Set storageEncrypted; encryption cannot be added later without a replacement.",
  path: "storageEncrypted",
});

const notPublic = propertyRule({
  ...on,
  id: "CKV_AWS_17",
  severity: "critical",
  title: "RDS has no public address",
  rationale: "A database that the internet can reach is one leaked password away from a breach.",
  remediation: "Set publiclyAccessible to false and reach it from inside the VPC.",
  path: "publiclyAccessible",
  allowed: [false, undefined],
  wrong: true,
});

const enhancedMonitoring: Rule = {
  id: "CKV_AWS_118",
  severity: "low",
  title: "RDS enhanced monitoring is on",
  rationale: "Operating-system figures tell a slow query from a starved host.",
  remediation: "Set monitoringInterval to 60 or less and give a monitoringRoleArn.",
  types: [instance],
  scope: "resource",
  check: ({ props }) => (Number(props.monitoringInterval ?? 0) > 0 ? undefined : "monitoringInterval is 0 or not set"),
  passing: [{ type: instance, props: { monitoringInterval: 60 } }],
  failing: [{ type: instance, props: { monitoringInterval: 0 } }],
};

const logsExported: Rule = {
  id: "CKV_AWS_129",
  severity: "low",
  title: "RDS exports its logs",
  rationale: "Logs on the instance are gone with the instance.",
  remediation: 'Set enabledCloudwatchLogsExports to ["postgresql", "upgrade"].',
  types: [instance],
  scope: "resource",
  check: ({ props }) =>
    list(props.enabledCloudwatchLogsExports).length > 0 ? undefined : "enabledCloudwatchLogsExports is empty",
  passing: [{ type: instance, props: { enabledCloudwatchLogsExports: ["postgresql"] } }],
  failing: [{ type: instance, props: {} }],
};

const backups: Rule = {
  id: "CKV_AWS_133",
  alsoKnownAs: ["AwsSolutions-RDS13"],
  severity: "high",
  title: "RDS keeps backups",
  rationale: "A database without backups is lost with its disk.",
  remediation: "Raise database.backupDays in the stack's config.",
  types: [instance],
  scope: "resource",
  check: ({ props }) => (Number(props.backupRetentionPeriod ?? 0) > 0 ? undefined : "backupRetentionPeriod is 0"),
  passing: [{ type: instance, props: { backupRetentionPeriod: 7 } }],
  failing: [{ type: instance, props: { backupRetentionPeriod: 0 } }],
};

const multiAz = propertyRule({
  ...on,
  id: "CKV_AWS_157",
  alsoKnownAs: ["AwsSolutions-RDS3"],
  severity: "medium",
  title: "RDS has a standby in another zone",
  rationale: "Without one, a zone's outage or an engine upgrade takes the database away.",
  remediation: "Set database.multiAz in the stack's config.",
  path: "multiAz",
});

const deletionProtection = propertyRule({
  ...on,
  id: "CKV_AWS_293",
  alsoKnownAs: ["AwsSolutions-RDS10"],
  severity: "medium",
  title: "RDS refuses deletion",
  rationale: "Players' progress must survive a mistyped destroy.",
  remediation: "Set deletionProtection; prod does so by itself.",
  path: "deletionProtection",
});

const iamAuthentication = propertyRule({
  ...on,
  id: "CKV_AWS_161",
  severity: "medium",
  title: "RDS accepts IAM authentication",
  rationale: "Tokens that live 15 minutes need no rotation and no storage.",
  remediation: "Set iamDatabaseAuthenticationEnabled.",
  path: "iamDatabaseAuthenticationEnabled",
});

const minorUpgrades = propertyRule({
  ...on,
  id: "CKV_AWS_226",
  severity: "low",
  title: "RDS takes minor upgrades by itself",
  rationale: "Minor versions carry security fixes.",
  remediation: "Leave autoMinorVersionUpgrade at its default, true.",
  path: "autoMinorVersionUpgrade",
  allowed: [true, undefined],
});

const performanceInsights = propertyRule({
  ...on,
  id: "CKV_AWS_353",
  severity: "low",
  title: "RDS Performance Insights is on",
  rationale: "It shows which query waits for what; seven days of it are free.",
  remediation: "Set performanceInsightsEnabled.",
  path: "performanceInsightsEnabled",
});

const forcedTls: Rule = {
  id: "GAP-DB-TLS",
  severity: "high",
  title: "PostgreSQL refuses connections without TLS",
  rationale: "A client that forgets TLS would send players' data in clear text.",
  remediation: "Set the parameter rds.force_ssl to 1 in the parameter group.",
  types: ["aws:rds/parameterGroup:ParameterGroup"],
  scope: "resource",
  check: ({ props }) =>
    list(props.parameters).some((p) => at(p, "name") === "rds.force_ssl" && String(at(p, "value")) === "1")
      ? undefined
      : "rds.force_ssl is not 1",
  passing: [
    {
      type: "aws:rds/parameterGroup:ParameterGroup",
      props: { parameters: [{ name: "rds.force_ssl", value: "1" }] },
    },
  ],
  failing: [{ type: "aws:rds/parameterGroup:ParameterGroup", props: { parameters: [] } }],
};

export const databaseRules: readonly Rule[] = [
  encrypted,
  notPublic,
  enhancedMonitoring,
  logsExported,
  backups,
  multiAz,
  iamAuthentication,
  minorUpgrades,
  deletionProtection,
  performanceInsights,
  forcedTls,
];
