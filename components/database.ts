import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { windowsProblem } from "../catalog/rds";
import { InputError } from "../contracts/input-error";
import { ports } from "../contracts/ports";
import { Component, type Transform, transform } from "./component";
import { assumedBy, compare } from "./policy";

export interface DatabaseArgs {
  readonly vpcId: pulumi.Input<string>;
  /** Private subnets in at least two zones. */
  readonly subnetIds: pulumi.Input<string[]>;
  /** PostgreSQL version, MAJOR.MINOR. */
  readonly engineVersion: string;
  /** RDS instance class, for example `db.t4g.micro`. */
  readonly instanceClass: string;
  /** GiB of gp3 at creation. */
  readonly storageGb: number;
  /** GiB that storage may grow to by itself. */
  readonly maxStorageGb: number;
  readonly multiAz: boolean;
  /** Days that automatic backups are kept, 0-35. */
  readonly backupDays: number;
  /** Seconds between two samples of enhanced monitoring; 0 is off. */
  readonly monitoringSeconds: number;
  /** Days that Performance Insights keeps its samples. */
  readonly performanceInsightsDays: number;
  /** Refuse deletion, and keep a last snapshot. */
  readonly protect: boolean;
  /** Changes the child resources. */
  readonly transform?: {
    readonly instance?: Transform<aws.rds.InstanceArgs>;
    readonly parameterGroup?: Transform<aws.rds.ParameterGroupArgs>;
  };
}

/** Daily backup and weekly maintenance, UTC: the small hours of the region's players. */
const windows = { backup: "07:00-08:00", maintenance: "tue:08:30-tue:09:30" } as const;

/** Server settings: TLS alone, slow statements and lock waits in the log, connections counted. */
const parameters: Readonly<Record<string, string>> = {
  log_connections: "1",
  log_disconnections: "1",
  log_lock_waits: "1",
  log_min_duration_statement: "1000",
  log_statement: "ddl",
  "rds.force_ssl": "1",
};

/**
 * The RDS PostgreSQL that holds game state and the knowledge base: encrypted, TLS only, IAM authentication, a master password
 * that RDS manages. Minor versions are raised by config, dev first, so that prod gets what dev ran; extended support, which
 * is billed, is off.
 */
export class Database extends Component {
  readonly endpoint: pulumi.Output<string>;
  readonly arn: pulumi.Output<string>;
  /** The dimension of its metrics. */
  readonly identifier: pulumi.Output<string>;
  /** The id by which IAM names the instance in `rds-db:connect`. */
  readonly resourceId: pulumi.Output<string>;
  readonly masterSecretArn: pulumi.Output<string>;
  readonly securityGroupId: pulumi.Output<string>;
  readonly label = "database";

  constructor(name: string, args: DatabaseArgs, opts?: pulumi.ComponentResourceOptions) {
    super("data:Database", name, opts);
    const overlap = windowsProblem(windows.backup, windows.maintenance);
    if (overlap !== undefined)
      throw new InputError({ path: `${name}.windows`, ...overlap, where: "components/database.ts" });
    const subnetGroup = new aws.rds.SubnetGroup(
      `${name}-subnets`,
      { subnetIds: args.subnetIds, description: "Private subnets" },
      { parent: this },
    );
    const securityGroup = new aws.ec2.SecurityGroup(
      `${name}-access`,
      { vpcId: args.vpcId, description: "Reaches the database from the services that need it" },
      { parent: this },
    );
    const parameterGroup = createParameterGroup(this);
    const monitoringRole = args.monitoringSeconds > 0 ? createMonitoringRole(this) : undefined;
    const instance = createInstance(this);
    this.endpoint = instance.address;
    this.arn = instance.arn;
    this.identifier = instance.identifier;
    this.resourceId = instance.resourceId;
    this.masterSecretArn = instance.masterUserSecrets.apply((secrets) => secrets[0]!.secretArn);
    this.securityGroupId = securityGroup.id;
    this.registerOutputs({ endpoint: this.endpoint });

    function createParameterGroup(parent: Database) {
      return new aws.rds.ParameterGroup(
        ...transform(
          args.transform?.parameterGroup,
          `${name}-parameters`,
          {
            family: `postgres${args.engineVersion.split(".")[0]}`,
            parameters: Object.entries(parameters)
              .sort(([a], [b]) => compare(a, b))
              .map(([key, value]) => ({ name: key, value, applyMethod: "immediate" })),
          },
          { parent },
        ),
      );
    }

    function createMonitoringRole(parent: Database) {
      const role = new aws.iam.Role(
        `${name}-monitoring`,
        {
          assumeRolePolicy: assumedBy("monitoring.rds.amazonaws.com", parent),
          description: "Enhanced monitoring of the database",
        },
        { parent },
      );
      new aws.iam.RolePolicyAttachment(
        `${name}-monitoring-policy`,
        {
          role: role.name,
          policyArn: "arn:aws:iam::aws:policy/service-role/AmazonRDSEnhancedMonitoringRole",
        },
        { parent },
      );
      return role;
    }

    function createInstance(parent: Database) {
      return new aws.rds.Instance(
        ...transform(
          args.transform?.instance,
          `${name}-postgres`,
          {
            engine: "postgres",
            engineVersion: args.engineVersion,
            engineLifecycleSupport: "open-source-rds-extended-support-disabled",
            autoMinorVersionUpgrade: false,
            allowMajorVersionUpgrade: false,
            instanceClass: args.instanceClass,
            storageType: "gp3",
            allocatedStorage: args.storageGb,
            maxAllocatedStorage: args.maxStorageGb > args.storageGb ? args.maxStorageGb : undefined,
            storageEncrypted: true,
            dbName: "platform",
            port: ports.postgres,
            username: "platform_admin",
            manageMasterUserPassword: true,
            iamDatabaseAuthenticationEnabled: true,
            caCertIdentifier: "rds-ca-rsa2048-g1",
            multiAz: args.multiAz,
            publiclyAccessible: false,
            dbSubnetGroupName: subnetGroup.name,
            vpcSecurityGroupIds: [securityGroup.id],
            parameterGroupName: parameterGroup.name,
            backupRetentionPeriod: args.backupDays,
            backupWindow: windows.backup,
            maintenanceWindow: windows.maintenance,
            enabledCloudwatchLogsExports: ["iam-db-auth-error", "postgresql", "upgrade"],
            performanceInsightsEnabled: true,
            performanceInsightsRetentionPeriod: args.performanceInsightsDays,
            monitoringInterval: args.monitoringSeconds,
            monitoringRoleArn: monitoringRole?.arn,
            applyImmediately: !args.protect,
            deleteAutomatedBackups: !args.protect,
            deletionProtection: args.protect,
            skipFinalSnapshot: !args.protect,
            finalSnapshotIdentifier: args.protect ? `${pulumi.getStack()}-${name}-final` : undefined,
            copyTagsToSnapshot: true,
          },
          { parent, protect: args.protect, retainOnDelete: args.protect },
        ),
      );
    }
  }
}
