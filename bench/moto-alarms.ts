import {
  CloudWatchClient,
  DescribeAlarmsCommand,
  GetDashboardCommand,
  PutDashboardCommand,
  PutMetricAlarmCommand,
  type PutMetricAlarmCommandInput,
  paginateDescribeAlarms,
} from "@aws-sdk/client-cloudwatch";
import { evaluate } from "../platform/engine";
import { type Check, checkAgainstMoto } from "../runtime/testing/moto";

// Gives the alarms and dashboards that prod declares to moto, an emulator of AWS that is no part of this project, through AWS's own client,
// and reads them back. Moto stores them and evaluates none; composite alarms it does not take at all.
//
//   npm run test:moto        (needs python3 with pip, and a registry that has moto)

interface Inputs {
  readonly [key: string]: never;
}

async function declareAndRead(endpoint: string): Promise<Check[]> {
  const { resources } = await evaluate({ projectDir: process.cwd(), stack: "prod", outputs: "stand-in" });
  const of = (type: string): Inputs[] =>
    resources.filter((resource) => resource.type === type).map(({ inputs }) => inputs as unknown as Inputs);
  const client = new CloudWatchClient({ region: "us-east-1", endpoint });
  const alarms = of("aws:cloudwatch/metricAlarm:MetricAlarm");
  const dashboards = of("aws:cloudwatch/dashboard:Dashboard");
  for (const inputs of alarms) await client.send(new PutMetricAlarmCommand(alarmRequest(inputs)));
  const refused: string[] = [];
  for (const { dashboardName, dashboardBody } of dashboards) {
    const { DashboardValidationMessages = [] } = await client.send(
      new PutDashboardCommand({ DashboardName: dashboardName, DashboardBody: dashboardBody }),
    );
    refused.push(...DashboardValidationMessages.map(({ Message }) => String(Message)));
  }
  let read = 0;
  for await (const { MetricAlarms = [] } of paginateDescribeAlarms({ client }, {})) read += MetricAlarms.length;
  const first = alarms[0] as unknown as { name: string; threshold: number };
  const { MetricAlarms: [again] = [] } = await client.send(new DescribeAlarmsCommand({ AlarmNames: [first.name] }));
  const named = dashboards[0] as unknown as { dashboardName: string; dashboardBody: string };
  const { DashboardBody } = await client.send(new GetDashboardCommand({ DashboardName: named.dashboardName }));
  client.destroy();
  return [
    { name: "alarms", passed: read === alarms.length && alarms.length > 0, detail: `${read} kept` },
    {
      name: "an alarm's threshold and queries",
      passed: again?.Threshold === first.threshold && (again.Metrics?.length ?? 0) > 0,
      detail: JSON.stringify({ threshold: again?.Threshold, queries: again?.Metrics?.length }),
    },
    {
      name: "dashboards",
      passed: refused.length === 0 && dashboards.length === 5 && DashboardBody === named.dashboardBody,
      detail: `${dashboards.length} kept, ${refused.length} messages`,
    },
  ];
}

interface Query {
  readonly id: string;
  readonly expression?: string;
  readonly label?: string;
  readonly returnData?: boolean;
  readonly metric?: {
    readonly namespace: string;
    readonly metricName: string;
    readonly dimensions: Readonly<Record<string, string>>;
    readonly period: number;
    readonly stat: string;
  };
}

/** The request that the provider makes of an alarm's inputs. */
function alarmRequest(inputs: Inputs): PutMetricAlarmCommandInput {
  const alarm = inputs as unknown as Record<string, never> & { metricQueries?: readonly Query[] };
  const single = {
    ...{ Namespace: alarm.namespace, MetricName: alarm.metricName, Statistic: alarm.statistic, Period: alarm.period },
    Dimensions: dimensionsOf(alarm.dimensions ?? {}),
  };
  return {
    AlarmName: alarm.name,
    AlarmDescription: alarm.alarmDescription,
    ComparisonOperator: alarm.comparisonOperator,
    Threshold: alarm.threshold,
    EvaluationPeriods: alarm.evaluationPeriods,
    DatapointsToAlarm: alarm.datapointsToAlarm,
    TreatMissingData: alarm.treatMissingData,
    AlarmActions: alarm.alarmActions,
    OKActions: alarm.okActions,
    ...(alarm.metricQueries === undefined && single),
    Metrics: alarm.metricQueries?.map(({ id, expression, label, returnData, metric }) => ({
      ...{ Id: id, Expression: expression, Label: label, ReturnData: returnData },
      ...(metric && {
        MetricStat: {
          Metric: {
            Namespace: metric.namespace,
            MetricName: metric.metricName,
            Dimensions: dimensionsOf(metric.dimensions),
          },
          Period: metric.period,
          Stat: metric.stat,
        },
      }),
    })),
  };
}

const dimensionsOf = (dimensions: Readonly<Record<string, string>>) =>
  Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value }));

void checkAgainstMoto("alarms and dashboards", declareAndRead).then((code) => {
  process.exitCode = code;
});
