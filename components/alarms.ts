import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { alarmPeriodProblem, cloudwatchLimits } from "../catalog/cloudwatch";
import type { AlarmDefinition, CompositeDefinition, Definitions, Severity } from "../contracts/alarms/definition";
import { InputError } from "../contracts/input-error";
import { Component } from "./component";
import { fixedName } from "./physical-names";

type Text = pulumi.Input<string>;

export interface AlarmsArgs extends Definitions<Text> {
  readonly topicArns: Readonly<Record<Severity, pulumi.Input<string>>>;
}

/** Seconds for which a composite waits for the alarm that explains it, and goes on waiting after that one is over. */
const suppression = { wait: 120, extension: 180 } as const;

/** Where the runbook of an alarm is. */
const runbookOf = ({ runbook }: { readonly runbook: string }): string => `docs/operate/${runbook}.md`;

/**
 * The alarms of an environment and the composites over them. Each tells the topic of its severity when it begins and when it ends, and
 * carries the path of its runbook in its description.
 *
 * Cost: $0.10 a month for each metric that an alarm reads, $0.50 for a composite.
 */
export class Alarms extends Component {
  private readonly arns = new Map<string, pulumi.Output<string>>();

  constructor(name: string, args: AlarmsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("monitoring:Alarms", name, opts);
    const alarms = new Map(args.alarms.map((definition) => [definition.id, createAlarm(this, definition)]));
    for (const [id, { arn }] of alarms) this.arns.set(id, arn);
    for (const composite of args.composites) this.arns.set(composite.id, createComposite(this, composite).arn);
    this.registerOutputs({});

    function actions(severity: Severity | undefined) {
      if (severity === undefined) return {};
      const told = [args.topicArns[severity]];
      return { alarmActions: told, okActions: told };
    }

    function createAlarm(parent: Alarms, definition: AlarmDefinition<Text>): aws.cloudwatch.MetricAlarm {
      const logicalName = `${name}-${definition.id}`;
      check(logicalName, definition);
      const { periods, datapoints = periods } = definition;
      return new aws.cloudwatch.MetricAlarm(
        logicalName,
        {
          alarmDescription: `${definition.title}. Runbook: ${runbookOf(definition)}`,
          comparisonOperator: definition.comparison,
          threshold: definition.threshold,
          evaluationPeriods: periods,
          datapointsToAlarm: datapoints,
          treatMissingData: definition.missing,
          ...metricOf(definition),
          ...actions(definition.severity),
        },
        { parent },
      );
    }

    function createComposite(parent: Alarms, composite: CompositeDefinition): aws.cloudwatch.CompositeAlarm {
      const inAlarm = (id: string) => pulumi.interpolate`ALARM("${alarms.get(id)!.name}")`;
      const groups = composite.anyOf.map((ids) => joined(ids.map(inAlarm), " AND "));
      const suppressor = composite.suppressedBy === undefined ? undefined : alarms.get(composite.suppressedBy);
      return new aws.cloudwatch.CompositeAlarm(
        `${name}-${composite.id}`,
        {
          alarmName: fixedName("aws:cloudwatch/compositeAlarm:CompositeAlarm", `${name}-${composite.id}`),
          alarmDescription: `${composite.title}. Runbook: ${runbookOf(composite)}`,
          alarmRule: joined(
            groups.map((group) => pulumi.interpolate`(${group})`),
            " OR ",
          ),
          ...(suppressor && {
            actionsSuppressor: {
              alarm: suppressor.name,
              waitPeriod: suppression.wait,
              extensionPeriod: suppression.extension,
            },
          }),
          ...actions(composite.severity),
        },
        { parent },
      );
    }
  }

  /**
   * ARN of an alarm or composite.
   * @throws Error for an id that is not declared
   */
  arn(id: string): pulumi.Output<string> {
    const arn = this.arns.get(id);
    if (arn === undefined) throw new Error(`no alarm ${id}`);
    return arn;
  }
}

const statistics = ["Average", "Maximum", "Minimum", "SampleCount", "Sum"];

/** The one metric of an alarm, or the queries of its expression. */
function metricOf({
  id,
  series,
  expression,
  periodSeconds,
}: AlarmDefinition<Text>): Partial<aws.cloudwatch.MetricAlarmArgs> {
  if (expression === undefined) {
    const { namespace, metricName, dimensions, stat } = series[0]!;
    const statistic = statistics.includes(stat) ? { statistic: stat } : { extendedStatistic: stat };
    return { namespace, metricName, dimensions, period: periodSeconds, ...statistic };
  }
  return {
    metricQueries: [
      ...series.map(({ id: name, namespace, metricName, dimensions, stat }) => ({
        id: name,
        metric: { namespace, metricName, dimensions, stat, period: periodSeconds },
      })),
      { id: "value", expression, label: id, returnData: true },
    ],
  };
}

const joined = (parts: readonly pulumi.Output<string>[], by: string): pulumi.Output<string> =>
  pulumi.all([...parts]).apply((texts) => texts.join(by));

/** @throws InputError for a period, a look-back or a number of metrics that CloudWatch refuses */
function check(path: string, { periodSeconds, periods, series }: AlarmDefinition<Text>): void {
  const problem = alarmPeriodProblem(periodSeconds, periods);
  const where = "contracts/alarms";
  if (problem !== undefined) throw new InputError({ path, ...problem, where });
  const { max } = cloudwatchLimits.metricsPerAlarm;
  if (series.length > max)
    throw new InputError({ path, given: series.length, allowed: `at most ${max} metrics`, where });
}
