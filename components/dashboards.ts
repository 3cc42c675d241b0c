import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { cloudwatchLimits } from "../catalog/cloudwatch";
import { type DashboardDefinition, isExpression, type Line, type Widget } from "../contracts/dashboards/definition";
import { InputError } from "../contracts/input-error";
import { Component } from "./component";
import { fixedName } from "./physical-names";

type Text = pulumi.Input<string>;

export interface DashboardsArgs {
  readonly dashboards: readonly DashboardDefinition<Text>[];
  readonly region: string;
  /** ARN of an alarm or composite by its id, for the lists of their states. */
  readonly alarmArn: (id: string) => pulumi.Input<string>;
}

const columns = 24;
const heights = { chart: 6, figure: 3, alarms: 4, note: 3 } as const satisfies Record<Widget<Text>["kind"], number>;
const titleHeight = 2;

/**
 * The dashboards of an environment, laid out in rows that fill the width.
 *
 * Cost: $3 a month for each after the account's first three.
 */
export class Dashboards extends Component {
  constructor(name: string, args: DashboardsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("monitoring:Dashboards", name, opts);
    for (const dashboard of args.dashboards) {
      const logicalName = `${name}-${dashboard.id}`;
      new aws.cloudwatch.Dashboard(
        logicalName,
        {
          dashboardName: fixedName("aws:cloudwatch/dashboard:Dashboard", logicalName),
          dashboardBody: pulumi.jsonStringify(dashboardBody(dashboard, args)),
        },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }
}

/**
 * The body as CloudWatch takes it. Source: CloudWatch API reference, "Dashboard body structure and syntax".
 * @throws InputError for more widgets, or more metrics in one, than a dashboard takes
 */
export function dashboardBody(
  { id, title, about, rows }: DashboardDefinition<Text>,
  { region, alarmArn }: Pick<DashboardsArgs, "region" | "alarmArn">,
) {
  const widgets: object[] = [
    { type: "text", x: 0, y: 0, width: columns, height: titleHeight, properties: { markdown: `# ${title}\n${about}` } },
  ];
  let y = titleHeight;
  for (const row of rows.filter(({ length }) => length > 0)) {
    const width = Math.floor(columns / row.length);
    row.forEach((widget, at) => {
      // The last one takes what division left over.
      const wide = at === row.length - 1 ? columns - at * width : width;
      const place = { x: at * width, y, width: wide, height: heights[widget.kind] };
      widgets.push({ ...place, ...widgetBody(widget, region, alarmArn) });
    });
    y += Math.max(...row.map(({ kind }) => heights[kind]));
  }
  const { max } = cloudwatchLimits.widgetsPerDashboard;
  if (widgets.length > max) {
    throw new InputError({ path: `dashboards.${id}`, given: widgets.length, allowed: `at most ${max} widgets`, where });
  }
  return { start: "-PT3H", widgets };
}

const where = "contracts/dashboards";

function widgetBody(widget: Widget<Text>, region: string, alarmArn: DashboardsArgs["alarmArn"]): object {
  switch (widget.kind) {
    case "note":
      return { type: "text", properties: { markdown: widget.markdown } };
    case "alarms":
      return {
        type: "alarm",
        properties: { title: widget.title, alarms: widget.ids.map(alarmArn), sortBy: "stateUpdatedTimestamp" },
      };
    case "figure":
      return {
        type: "metric",
        properties: {
          title: widget.title,
          view: "singleValue",
          region,
          period: widget.days * 86_400,
          setPeriodToTimeRange: true,
          start: `-P${widget.days}D`,
          end: "P0D",
          metrics: metrics(widget.title, widget.lines, widget.hidden),
        },
      };
    case "chart":
      return {
        type: "metric",
        properties: {
          title: widget.title,
          view: "timeSeries",
          stacked: widget.stacked ?? false,
          region,
          period: 60,
          yAxis: { left: { min: 0, ...(widget.unit === undefined ? {} : { label: widget.unit }), showUnits: false } },
          ...(widget.limits === undefined ? {} : { annotations: { horizontal: widget.limits } }),
          metrics: metrics(widget.title, widget.lines, widget.hidden),
        },
      };
  }
}

/** Lines in the array form of the dashboard body: namespace, name, dimensions in pairs, options. */
function metrics(title: string, lines: readonly Line<Text>[], hidden: readonly string[] = []): unknown[] {
  const { max } = cloudwatchLimits.metricsPerWidget;
  if (lines.length > max) {
    throw new InputError({ path: title, given: lines.length, allowed: `at most ${max} metrics in a widget`, where });
  }
  return lines.map((line) => {
    const shown = {
      ...(line.label === undefined ? {} : { label: line.label }),
      ...(hidden.includes(line.id) ? { visible: false } : {}),
    };
    if (isExpression(line)) return [{ id: line.id, expression: line.expression, ...shown }];
    const dimensions = Object.entries(line.dimensions).flat();
    return [line.namespace, line.metricName, ...dimensions, { id: line.id, stat: line.stat, ...shown }];
  });
}
