import { isSet, list, propertyRule, type Rule } from "../rule";

const instance = "aws:rds/instance:Instance";
const on = { type: instance, allowed: [true], wrong: false } as const;

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

const certificate = propertyRule({
  id: "CKV_AWS_211",
  severity: "medium",
  title: "RDS has a certificate that clients of today trust",
  rationale: "Clients refuse a server whose authority has run out.",
  type: instance,
  path: "caCertIdentifier",
  allowed: ["rds-ca-rsa2048-g1", "rds-ca-rsa4096-g1", "rds-ca-ecc384-g1", undefined],
  wrong: "rds-ca-2019",
});

/** First minor versions of PostgreSQL that AWS-2022-004 calls mended, by major version; later ones are. */
const mended: Readonly<Record<string, number>> = { 9: 99, 10: 16, 11: 11, 12: 6, 13: 2 };

const readableFiles: Rule = {
  id: "CKV_AWS_250",
  severity: "high",
  title: "PostgreSQL does not let its users read the server's files",
  rationale: "Versions with the old log_fdw hand out the instance's own credentials (AWS-2022-004).",
  remediation: "Upgrade the minor version.",
  types: [instance],
  scope: "resource",
  check: ({ props }) => {
    const [major = "", minor = "99"] = String(props.engineVersion ?? "").split(".");
    return props.engine === "postgres" && Number(minor) < (mended[major] ?? 0)
      ? `version ${major}.${minor} is not mended`
      : undefined;
  },
  passing: [{ type: instance, props: { engine: "postgres", engineVersion: "17.11" } }],
  failing: [{ type: instance, props: { engine: "postgres", engineVersion: "13.1" } }],
};

const masterPassword: Rule = {
  id: "GAP-DB-PASSWORD",
  severity: "high",
  title: "RDS keeps its own master password",
  rationale: "A password in the program is in the state file and in whoever's shell set it.",
  remediation: "Set manageMasterUserPassword in place of password.",
  types: [instance, "aws:rds/cluster:Cluster"],
  scope: "resource",
  check: ({ props }) =>
    isSet(props, "password") || isSet(props, "masterPassword") ? "the program sets the password" : undefined,
  passing: [{ type: instance, props: { manageMasterUserPassword: true } }],
  failing: [{ type: instance, props: { password: "x" } }],
};

const failover = propertyRule({
  id: "CKV2_AWS_50",
  alsoKnownAs: ["ElastiCache.3"],
  severity: "medium",
  title: "The cache fails over by itself",
  rationale: "Without it a lost node takes conversations and queues away until somebody wakes up.",
  type: "aws:elasticache/replicationGroup:ReplicationGroup",
  path: "automaticFailoverEnabled",
  allowed: [true],
  wrong: false,
});

export const databaseRules: readonly Rule[] = [
  certificate,
  readableFiles,
  masterPassword,
  failover,
  enhancedMonitoring,
  logsExported,
  multiAz,
  iamAuthentication,
  minorUpgrades,
  performanceInsights,
];
