import type * as pulumi from "@pulumi/pulumi";
import { gpuNamespace } from "../contracts/metrics";
import type { Statement } from "./policy";

type Text = pulumi.Input<string>;

/**
 * What the SSM agent needs for Session Manager and Run Command, and no more: the managed policy also reads every parameter of the
 * account. Source: Systems Manager user guide, "Verify or add instance permissions for Session Manager".
 */
export const sessionStatement: Statement = {
  sid: "Sessions",
  actions: [
    "ssm:UpdateInstanceInformation",
    "ssmmessages:CreateControlChannel",
    "ssmmessages:CreateDataChannel",
    "ssmmessages:OpenControlChannel",
    "ssmmessages:OpenDataChannel",
  ],
  resources: ["*"],
};

/** Publishing metrics, limited to one namespace: PutMetricData knows no resources. */
export const publishStatement: Statement = {
  sid: "PublishMetrics",
  actions: ["cloudwatch:PutMetricData"],
  resources: ["*"],
  conditions: { StringEquals: { "cloudwatch:namespace": gpuNamespace } },
};

/** Writing to the streams of one log group, given as `<group ARN>:*`. */
export const logStatement = (streams: Text): Statement => ({
  sid: "ShipLogs",
  actions: ["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"],
  resources: [streams],
});

/** Reading weights, adapters and their manifests. */
export const readModelsStatements = (bucket: Text, objects: Text): Statement[] => [
  { sid: "ListModels", actions: ["s3:ListBucket"], resources: [bucket] },
  { sid: "ReadModels", actions: ["s3:GetObject"], resources: [objects] },
];

/** Completing the lifecycle hooks of one group, and giving up a node whose GPU has a fatal fault. */
export const lifecycleStatement = (group: Text): Statement => ({
  sid: "OwnGroup",
  actions: [
    "autoscaling:CompleteLifecycleAction",
    "autoscaling:RecordLifecycleActionHeartbeat",
    "autoscaling:SetInstanceHealth",
  ],
  resources: [group],
});
