import type { Severity } from "./alarms/definition";

/** Something that happens once, told as a sentence; alarms are for what lasts. */
export interface NoticeDefinition<Text> {
  readonly id: string;
  readonly severity: Severity;
  /** Page of docs/operate. */
  readonly runbook: string;
  /** What EventBridge matches. */
  readonly pattern: EventPattern<Text>;
  /** Parts of the event by name, as JSON paths. */
  readonly parts: Readonly<Record<string, string>>;
  /** The sentence, with `<part>` in it. */
  readonly text: string;
}

/** A pattern of EventBridge; leaves are texts of the stack or fixed ones. */
export type EventPattern<Text> = { readonly [key: string]: EventPattern<Text> | readonly PatternValue<Text>[] };
type PatternValue<Text> = Text | string | { readonly prefix: Text } | { readonly wildcard: Text };

export interface NoticesOf<Text> {
  readonly clusterArn: Text;
  /** `arn:aws:ecs:*:*:service/CLUSTER/*`. */
  readonly servicesOfCluster: Text;
  /** True where the stack has GPU nodes, which may be spot. */
  readonly spot: boolean;
  readonly databaseArn?: Text;
  /** True where the account's image builds are told too: once an account, so prod. */
  readonly images: boolean;
}

/**
 * What AWS tells by events. Names and fields: the developer guides of Amazon ECS ("service deployment state change", "service action
 * events"), EC2 Auto Scaling, EC2 (spot interruption notices), RDS ("Amazon RDS event categories"), Image Builder and Secrets Manager.
 */
export function notices<Text>(of: NoticesOf<Text>): NoticeDefinition<Text>[] {
  const list: NoticeDefinition<Text>[] = [
    {
      id: "deployment-failed",
      severity: "ticket",
      runbook: "deployment-failed",
      pattern: {
        source: ["aws.ecs"],
        "detail-type": ["ECS Deployment State Change"],
        resources: [{ wildcard: of.servicesOfCluster }],
        detail: { eventName: ["SERVICE_DEPLOYMENT_FAILED"] },
      },
      parts: { service: "$.resources[0]", reason: "$.detail.reason", time: "$.time" },
      text: "The deployment of <service> failed at <time> and is rolled back: <reason>",
    },
    {
      id: "tasks-not-starting",
      severity: "ticket",
      runbook: "service-tasks",
      pattern: {
        source: ["aws.ecs"],
        "detail-type": ["ECS Service Action"],
        detail: {
          clusterArn: [of.clusterArn],
          eventName: ["SERVICE_TASK_START_IMPAIRED", "SERVICE_TASK_PLACEMENT_FAILURE"],
        },
      },
      parts: { service: "$.resources[0]", what: "$.detail.eventName", reason: "$.detail.reason", time: "$.time" },
      text: "Tasks of <service> do not start since <time>: <what> <reason>",
    },
    {
      id: "secret-rotation-failed",
      severity: "ticket",
      runbook: "secret-rotation-failed",
      pattern: {
        source: ["aws.secretsmanager"],
        detail: { eventSource: ["secretsmanager.amazonaws.com"], eventName: ["RotationFailed"] },
      },
      parts: { secret: "$.detail.additionalEventData.SecretId", time: "$.time" },
      text: "The rotation of <secret> failed at <time>: its old value still works",
    },
  ];
  // A failed launch is told by the group's own notification (components/gpu-tier.ts).
  if (of.spot) {
    list.push({
      id: "spot-interruption",
      severity: "info",
      runbook: "spot-interruption",
      pattern: { source: ["aws.ec2"], "detail-type": ["EC2 Spot Instance Interruption Warning"] },
      parts: { node: "$.detail.instance-id", time: "$.time" },
      text: "Spot node <node> is taken away two minutes after <time>; it drains and the group replaces it",
    });
  }
  if (of.databaseArn !== undefined) {
    list.push({
      id: "database-event",
      severity: "ticket",
      runbook: "database-event",
      pattern: {
        source: ["aws.rds"],
        "detail-type": ["RDS DB Instance Event"],
        detail: {
          SourceArn: [of.databaseArn],
          EventCategories: ["failover", "failure", "low storage", "maintenance", "recovery"],
        },
      },
      parts: { what: "$.detail.Message", database: "$.detail.SourceIdentifier", time: "$.time" },
      text: "<database> at <time>: <what>",
    });
  }
  if (of.images) {
    list.push({
      id: "image-build-failed",
      severity: "ticket",
      runbook: "image-build-failed",
      pattern: {
        source: ["aws.imagebuilder"],
        "detail-type": ["EC2 Image Builder Image State Change"],
        detail: { state: { status: ["FAILED"] } },
      },
      parts: { image: "$.resources[0]", reason: "$.detail.state.reason", time: "$.time" },
      text: "The build of GPU image <image> failed at <time>: <reason>",
    });
  }
  return list;
}
