import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { ports } from "../contracts/ports";
import { Component } from "./component";
import { databaseRolesSql, type ServiceDatabase } from "./database-roles-sql";
import { fixedName } from "./physical-names";
import { assumedBy, policyText } from "./policy";
import { containerDefinitions } from "./task-definition";

/** PostgreSQL 18 on Alpine as Amazon ECR Public mirrors it, for its psql. */
const psqlImage =
  "public.ecr.aws/docker/library/postgres@sha256:aa6eb304ddb6dd26df23d05db4e5cb05af8951cda3e0dc57731b771e0ef4ab29";

/** The certificate authorities of RDS, which no image brings. */
const rdsCertificates = "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem";

export interface DatabaseRolesArgs {
  readonly vpcId: pulumi.Input<string>;
  readonly subnetIds: pulumi.Input<string[]>;
  readonly clusterArn: pulumi.Input<string>;
  /** The database's address. */
  readonly host: pulumi.Input<string>;
  /** The secret that RDS keeps the master user's name and password in. */
  readonly masterSecretArn: pulumi.Input<string>;
  readonly databases: readonly ServiceDatabase[];
  readonly logDays: number;
}

/**
 * One database and one role per service, made by psql in a task of its own: the only task that may read the master's password.
 * It runs when the stack comes up and every hour after that, so that a service added later finds its role.
 *
 * Cost: 730 runs of one minute of 0.25 vCPU and 0.5 GB, about $0.15 a month.
 */
export class DatabaseRoles extends Component {
  readonly securityGroupId: pulumi.Output<string>;
  readonly label = "database-roles";

  constructor(name: string, args: DatabaseRolesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("data:DatabaseRoles", name, opts);
    const securityGroup = createSecurityGroup(this);
    const logs = new aws.cloudwatch.LogGroup(`${name}-logs`, { retentionInDays: args.logDays }, { parent: this });
    const executionRole = createExecutionRole(this);
    const taskRole = new aws.iam.Role(
      `${name}-task`,
      { assumeRolePolicy: assumedBy("ecs-tasks.amazonaws.com", this), description: `${name}: needs nothing of AWS` },
      { parent: this },
    );
    const taskDefinition = createTaskDefinition(this);
    createSchedule(this);
    this.securityGroupId = securityGroup.id;
    this.registerOutputs({});

    function createSecurityGroup(parent: DatabaseRoles) {
      const group = new aws.ec2.SecurityGroup(
        `${name}-tasks`,
        { vpcId: args.vpcId, description: "The task that makes database roles" },
        { parent },
      );
      new aws.vpc.SecurityGroupEgressRule(
        `${name}-https`,
        {
          securityGroupId: group.id,
          description: "AWS services and the certificates of RDS",
          cidrIpv4: "0.0.0.0/0",
          ipProtocol: "tcp",
          fromPort: 443,
          toPort: 443,
        },
        { parent },
      );
      return group;
    }

    function createExecutionRole(parent: DatabaseRoles) {
      const role = new aws.iam.Role(
        `${name}-execution`,
        { assumeRolePolicy: assumedBy("ecs-tasks.amazonaws.com", parent), description: `Starts tasks of ${name}` },
        { parent },
      );
      new aws.iam.RolePolicy(
        `${name}-execution-policy`,
        {
          role: role.name,
          policy: policyText([
            {
              sid: "ReadMasterSecret",
              actions: ["secretsmanager:GetSecretValue"],
              resources: [args.masterSecretArn],
            },
            {
              sid: "WriteLogs",
              actions: ["logs:CreateLogStream", "logs:PutLogEvents"],
              resources: [pulumi.interpolate`${logs.arn}:*`],
            },
          ]),
        },
        { parent },
      );
      return role;
    }

    function createTaskDefinition(parent: DatabaseRoles) {
      const script = [
        "set -eu",
        `wget -qO /tmp/rds.pem ${rdsCertificates}`,
        'printf "%s" "$ROLES_SQL" | psql --no-psqlrc --quiet --file=-',
      ].join("\n");
      return new aws.ecs.TaskDefinition(
        `${name}-definition`,
        {
          family: fixedName("aws:ecs/taskDefinition:TaskDefinition", `${name}-definition`),
          requiresCompatibilities: ["FARGATE"],
          networkMode: "awsvpc",
          cpu: "256",
          memory: "512",
          executionRoleArn: executionRole.arn,
          taskRoleArn: taskRole.arn,
          volumes: [{ name: "tmp" }],
          containerDefinitions: pulumi.jsonStringify(
            containerDefinitions([
              {
                name,
                image: psqlImage,
                command: ["sh", "-c", script],
                environment: {
                  PGDATABASE: "platform",
                  PGHOST: args.host,
                  PGPORT: String(ports.postgres),
                  PGSSLMODE: "verify-full",
                  PGSSLROOTCERT: "/tmp/rds.pem",
                  ROLES_SQL: databaseRolesSql(args.databases),
                },
                secrets: {
                  PGPASSWORD: pulumi.interpolate`${args.masterSecretArn}:password::`,
                  PGUSER: pulumi.interpolate`${args.masterSecretArn}:username::`,
                },
                mounts: { tmp: "/tmp" },
                logs: { group: logs.name, region: aws.config.requireRegion() },
              },
            ]),
          ),
        },
        { parent },
      );
    }

    function createSchedule(parent: DatabaseRoles) {
      const role = new aws.iam.Role(
        `${name}-schedule-role`,
        { assumeRolePolicy: assumedBy("scheduler.amazonaws.com", parent), description: `Runs ${name} every hour` },
        { parent },
      );
      const policy = new aws.iam.RolePolicy(
        `${name}-schedule-policy`,
        {
          role: role.name,
          policy: policyText([
            {
              sid: "PassTaskRoles",
              actions: ["iam:PassRole"],
              resources: [executionRole.arn, taskRole.arn],
              conditions: { StringEquals: { "iam:PassedToService": "ecs-tasks.amazonaws.com" } },
            },
            {
              sid: "RunTask",
              actions: ["ecs:RunTask"],
              resources: [pulumi.interpolate`${taskDefinition.arnWithoutRevision}:*`],
              conditions: { ArnEquals: { "ecs:cluster": args.clusterArn } },
            },
          ]),
        },
        { parent },
      );
      new aws.scheduler.Schedule(
        `${name}-schedule`,
        {
          description: "Makes the databases and roles of services",
          scheduleExpression: "rate(1 hours)",
          flexibleTimeWindow: { mode: "OFF" },
          target: {
            arn: args.clusterArn,
            roleArn: role.arn,
            ecsParameters: {
              taskDefinitionArn: taskDefinition.arn,
              launchType: "FARGATE",
              networkConfiguration: {
                subnets: args.subnetIds,
                securityGroups: [securityGroup.id],
                assignPublicIp: false,
              },
            },
            retryPolicy: { maximumRetryAttempts: 5, maximumEventAgeInSeconds: 3600 },
          },
        },
        { parent, dependsOn: [policy] },
      );
    }
  }
}
