/**
 * Combinations of actions by which somebody gives himself more rights, each alone enough where it reaches everything. From AWS's
 * Service Authorization Reference and the published studies of privilege escalation (Rhino Security Labs; Bishop Fox, IAM Vulnerable).
 */
export const escalations: readonly (readonly string[])[] = [
  ["iam:AddUserToGroup"],
  ["iam:AttachGroupPolicy"],
  ["iam:AttachRolePolicy"],
  ["iam:AttachUserPolicy"],
  ["iam:CreateAccessKey"],
  ["iam:CreateLoginProfile"],
  ["iam:CreatePolicyVersion"],
  ["iam:DeleteRolePermissionsBoundary"],
  ["iam:PutGroupPolicy"],
  ["iam:PutRolePolicy"],
  ["iam:PutUserPolicy"],
  ["iam:SetDefaultPolicyVersion"],
  ["iam:UpdateAssumeRolePolicy"],
  ["iam:UpdateLoginProfile"],
  ["lambda:UpdateFunctionCode"],
  ["sts:AssumeRole"],
  ["ssm:SendCommand"],
  ["ssm:StartSession"],
  ["ecs:ExecuteCommand"],
  ["iam:PassRole", "autoscaling:CreateLaunchConfiguration"],
  ["iam:PassRole", "cloudformation:CreateStack"],
  ["iam:PassRole", "codebuild:CreateProject"],
  ["iam:PassRole", "datapipeline:CreatePipeline"],
  ["iam:PassRole", "ec2:RunInstances"],
  ["iam:PassRole", "ecs:RegisterTaskDefinition"],
  ["iam:PassRole", "ecs:RunTask"],
  ["iam:PassRole", "glue:CreateDevEndpoint"],
  ["iam:PassRole", "glue:CreateJob"],
  ["iam:PassRole", "lambda:CreateFunction"],
  ["iam:PassRole", "sagemaker:CreateNotebookInstance"],
  ["iam:PassRole", "scheduler:CreateSchedule"],
  ["iam:PassRole", "states:CreateStateMachine"],
];

/** Actions that answer with credentials. `ecr:GetAuthorizationToken` is not among them: it takes no resource, and images need it. */
export const handsOutCredentials = [
  "cognito-identity:GetCredentialsForIdentity",
  "connect:GetFederationToken",
  "ec2:GetPasswordData",
  "elasticache:Connect",
  "gamelift:RequestUploadCredentials",
  "iam:CreateAccessKey",
  "iam:CreateLoginProfile",
  "iam:CreateServiceSpecificCredential",
  "iam:ResetServiceSpecificCredential",
  "lightsail:GetInstanceAccessDetails",
  "rds-db:connect",
  "redshift:GetClusterCredentials",
  "sts:AssumeRole",
  "sts:GetFederationToken",
  "sts:GetSessionToken",
];

/** Actions that answer with stored data. */
export const readsData = [
  "dynamodb:GetItem",
  "dynamodb:Scan",
  "ec2:GetConsoleOutput",
  "ecr:GetDownloadUrlForLayer",
  "logs:FilterLogEvents",
  "logs:StartQuery",
  "s3:GetObject",
  "secretsmanager:GetSecretValue",
  "sqs:ReceiveMessage",
  "ssm:GetParameter",
  "ssm:GetParameters",
  "ssm:GetParametersByPath",
];

/** Actions that decide who else may use a resource. */
export const managesAccess = [
  "ec2:ModifyImageAttribute",
  "ec2:ModifySnapshotAttribute",
  "ecr:SetRepositoryPolicy",
  "iam:CreatePolicy",
  "iam:CreateRole",
  "iam:DeleteRolePolicy",
  "iam:DetachRolePolicy",
  "iam:PutRolePermissionsBoundary",
  "kms:CreateGrant",
  "kms:PutKeyPolicy",
  "lambda:AddPermission",
  "logs:PutResourcePolicy",
  "rds:ModifyDBSnapshotAttribute",
  "s3:PutBucketAcl",
  "s3:PutBucketPolicy",
  "s3:PutBucketPublicAccessBlock",
  "s3:PutObjectAcl",
  "secretsmanager:PutResourcePolicy",
  "sns:AddPermission",
  "sns:SetTopicAttributes",
  "sqs:AddPermission",
  "sqs:SetQueueAttributes",
];

/** Actions that take no resource, or whose resource is made by the call, so that a star is all they can be given. */
export const takesNoResource = [
  "autoscaling:Describe*",
  "cloudwatch:GetMetric*",
  "cloudwatch:ListMetrics",
  "cloudwatch:PutMetricData",
  "ec2:Describe*",
  "ec2messages:*",
  "ecr:GetAuthorizationToken",
  "ecs:DiscoverPollEndpoint",
  "ecs:List*",
  "iam:List*",
  "kms:ListAliases",
  "kms:ListKeys",
  "logs:DescribeLogGroups",
  "polly:*",
  "pricing:*",
  "s3:ListAllMyBuckets",
  "secretsmanager:GetRandomPassword",
  "secretsmanager:ListSecrets",
  "ssm:DescribeParameters",
  "ssm:UpdateInstanceInformation",
  "ssmmessages:*",
  "sts:DecodeAuthorizationMessage",
  "sts:GetCallerIdentity",
  "tag:*",
  "transcribe:StartStreamTranscription*",
  "xray:*",
];

/** Verbs of actions that change nothing. */
export const reads = /^[a-z0-9-]+:(BatchGet|Describe|Get|Head|List|Lookup|Query|Scan|Search|Select|Test|View)/i;

/**
 * Services that send `aws:SourceAccount` or `aws:SourceArn` when they act for somebody, by AWS's pages on the confused deputy. EC2
 * does not for instance profiles, nor does the log delivery of load balancers.
 */
export const namesItsCaller = [
  "backup.amazonaws.com",
  "bedrock.amazonaws.com",
  "budgets.amazonaws.com",
  "cloudtrail.amazonaws.com",
  "cloudwatch.amazonaws.com",
  "codebuild.amazonaws.com",
  "config.amazonaws.com",
  "delivery.logs.amazonaws.com",
  "ecs-tasks.amazonaws.com",
  "events.amazonaws.com",
  "logging.s3.amazonaws.com",
  "monitoring.rds.amazonaws.com",
  "pipes.amazonaws.com",
  "s3.amazonaws.com",
  "scheduler.amazonaws.com",
  "sns.amazonaws.com",
  "states.amazonaws.com",
  "vpc-flow-logs.amazonaws.com",
];
