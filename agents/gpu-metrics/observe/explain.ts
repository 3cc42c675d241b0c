import { prices } from "../../../catalog/prices";
import { detailMetrics, metricPeriods, scalingMetrics } from "../../../contracts/metrics";
import type { Settings } from "../options";
import { monthlyCost, publishedGroupMetrics } from "../publish/cost";
import { table } from "./table";

/** What is published with the settings and what it costs, as data. */
export function explain(settings: Settings): object {
  const question = { perGpu: settings.perGpu, nodes: settings.nodes, gpusPerNode: settings.gpus };
  const cost = monthlyCost({ ...question, period: settings.period });
  const metrics = [...publishedGroupMetrics, ...(settings.perGpu ? Object.values(detailMetrics) : [])];
  return { period: settings.period, ...question, metrics, cost, pricesAsOf: prices["cloudwatch.metric"].asOf };
}

/** The same for a person. */
export function describeExplanation(settings: Settings): string {
  const { period, perGpu, nodes, gpus } = settings;
  const tracked = new Set<string>(Object.values(scalingMetrics).map(({ name }) => name));
  const metrics = [...publishedGroupMetrics, ...(perGpu ? Object.values(detailMetrics) : [])].map((metric) => [
    metric.name,
    metric.unit,
    metric.dimensions.join(", "),
    metric.dimensions.length === 1 && tracked.has(metric.name) ? "scaling" : "observed",
  ]);
  const usd = (value: number): string => `$${value.toFixed(2)}`;
  const bills = metricPeriods.flatMap((seconds) =>
    [false, true].map((detail) => {
      const cost = monthlyCost({ period: seconds, perGpu: detail, nodes, gpusPerNode: gpus });
      return [
        `${seconds} s`,
        detail ? "on" : "off",
        String(cost.groupMetrics + cost.detailMetrics),
        String(Math.round(cost.requests)),
        usd(cost.metricsUsd),
        usd(cost.requestsUsd),
        usd(cost.totalUsd),
        seconds === period && detail === perGpu ? "<- these settings" : "",
      ];
    }),
  );
  const titles = ["period", "per GPU", "metrics", "requests", "metrics/month", "requests/month", "total/month", ""];
  return [
    `One request per window of ${period} s and node; nothing while the node is not in service or its model does not answer.`,
    "",
    table(["metric", "unit", "dimensions", "for"], metrics),
    `One group of ${nodes} node(s) with ${gpus} GPU(s) each, all month long (730 h), list prices of us-east-1 as of ${prices["cloudwatch.metric"].asOf}:`,
    "",
    table(titles, bills),
  ].join("\n");
}
