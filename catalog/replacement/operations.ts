import { aws, named, prefixed, type ReplacementRule } from "./rule";

/** Identity, keys, logs, alarms, events, schedules, detectors, budgets. */
export const operations = {
  "aws:iam/role:Role": prefixed("iam/role.go", ["path"], { unordered: ["inlinePolicies", "managedPolicyArns"] }),
  "aws:iam/rolePolicy:RolePolicy": prefixed("iam/role_policy.go", ["role"]),
  "aws:iam/rolePolicyAttachment:RolePolicyAttachment": aws("iam/role_policy_attachment.go", ["policyArn", "role"], {
    deleteBeforeReplace: true,
  }),
  "aws:iam/policy:Policy": prefixed("iam/policy.go", ["description", "path"]),
  "aws:iam/instanceProfile:InstanceProfile": prefixed("iam/instance_profile.go", ["path"]),
  "aws:iam/openIdConnectProvider:OpenIdConnectProvider": aws("iam/openid_connect_provider.go", ["url"], {
    unordered: ["clientIdLists"],
  }),
  "aws:iam/serviceLinkedRole:ServiceLinkedRole": aws("iam/service_linked_role.go", ["awsServiceName", "customSuffix"]),
  "aws:iam/accountPasswordPolicy:AccountPasswordPolicy": aws("iam/account_password_policy.go", []),
  "aws:kms/key:Key": aws("kms/key.go", [
    "customKeyStoreId",
    "customerMasterKeySpec",
    "keyUsage",
    "multiRegion",
    "xksKeyId",
  ]),
  "aws:kms/alias:Alias": prefixed("kms/alias.go", []),
  "aws:cloudwatch/logGroup:LogGroup": prefixed("logs/group.go", ["logGroupClass"]),
  "aws:cloudwatch/logStream:LogStream": aws("logs/stream.go", ["logGroupName", "name"], { autoName: "name" }),
  "aws:cloudwatch/logSubscriptionFilter:LogSubscriptionFilter": aws(
    "logs/subscription_filter.go",
    ["destinationArn", "logGroup", "name"],
    { autoName: "name", deleteBeforeReplace: true },
  ),
  "aws:cloudwatch/logMetricFilter:LogMetricFilter": named("logs/metric_filter.go", ["logGroupName"]),
  "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": aws("logs/resource_policy.go", ["policyName", "resourceArn"]),
  "aws:cloudwatch/queryDefinition:QueryDefinition": aws("logs/query_definition.go", []),
  "aws:cloudwatch/metricAlarm:MetricAlarm": aws("cloudwatch/metric_alarm.go", ["name"], {
    autoName: "name",
    unordered: ["alarmActions", "insufficientDataActions", "metricQueries", "okActions"],
  }),
  "aws:cloudwatch/compositeAlarm:CompositeAlarm": aws(
    "cloudwatch/composite_alarm.go",
    ["actionsEnabled", "alarmName"],
    {
      unordered: ["alarmActions", "insufficientDataActions", "okActions"],
    },
  ),
  "aws:cloudwatch/dashboard:Dashboard": aws("cloudwatch/dashboard.go", ["dashboardName"]),
  "aws:cloudwatch/eventRule:EventRule": prefixed("events/rule.go", ["eventBusName"]),
  "aws:cloudwatch/eventTarget:EventTarget": aws("events/target.go", ["eventBusName", "rule", "targetId"], {
    unordered: ["ecsTarget.networkConfiguration.securityGroups", "ecsTarget.networkConfiguration.subnets"],
  }),
  "aws:scheduler/schedule:Schedule": prefixed("scheduler/schedule.go", ["groupName"]),
  "aws:scheduler/scheduleGroup:ScheduleGroup": prefixed("scheduler/schedule_group.go", []),
  "aws:guardduty/detector:Detector": aws("guardduty/detector.go", []),
  "aws:guardduty/detectorFeature:DetectorFeature": aws("guardduty/detector_feature.go", ["detectorId", "name"]),
  "aws:securityhub/account:Account": aws("securityhub/account.go", []),
  "aws:securityhub/standardsSubscription:StandardsSubscription": aws("securityhub/standards_subscription.go", [
    "standardsArn",
  ]),
  "aws:accessanalyzer/analyzer:Analyzer": aws("accessanalyzer/analyzer.go", ["analyzerName", "type"]),
  "aws:budgets/budget:Budget": prefixed("budgets/budget.go", [], {
    unordered: ["costFilters", "notifications", "plannedLimits"],
  }),
  "aws:costexplorer/anomalyMonitor:AnomalyMonitor": aws("ce/anomaly_monitor.go", [
    "monitorDimension",
    "monitorSpecification",
    "monitorType",
  ]),
  "aws:costexplorer/anomalySubscription:AnomalySubscription": aws("ce/anomaly_subscription.go", ["accountId", "name"], {
    unordered: ["monitorArnLists", "subscribers"],
  }),
} as const satisfies Record<string, ReplacementRule>;
