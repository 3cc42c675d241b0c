import { hoursPerMonth, prices } from "../../../catalog/prices";
import { detailMetrics, observedMetrics, scalingMetrics } from "../../../contracts/metrics";

export interface CostQuestion {
  /** Seconds of a window. */
  readonly period: number;
  readonly perGpu: boolean;
  readonly nodes: number;
  readonly gpusPerNode: number;
}

export interface CostAnswer {
  /** Metrics that exist once per group, however many nodes it has. */
  readonly groupMetrics: number;
  /** Metrics that exist once per node and GPU. */
  readonly detailMetrics: number;
  /** Requests of all nodes in a month of 730 hours. */
  readonly requests: number;
  readonly metricsUsd: number;
  readonly requestsUsd: number;
  readonly totalUsd: number;
}

/** Metrics that the agent publishes for its group, in the order of the contract. The router publishes its own. */
export const publishedGroupMetrics = [
  scalingMetrics.gpuUtilization,
  scalingMetrics.memoryPressure,
  scalingMetrics.queueDepth,
  ...Object.values(observedMetrics),
];

/** The month's bill of one group whose nodes run all the time, at list prices, without free tiers. */
export function monthlyCost({ period, perGpu, nodes, gpusPerNode }: CostQuestion): CostAnswer {
  const groupMetrics = nodes > 0 ? publishedGroupMetrics.length : 0;
  const detail = perGpu ? Object.keys(detailMetrics).length * nodes * gpusPerNode : 0;
  const requests = nodes * ((hoursPerMonth * 3600) / period);
  const metricsUsd = (groupMetrics + detail) * prices["cloudwatch.metric"].usd;
  const requestsUsd = (requests / 1000) * prices["cloudwatch.put-metric-data"].usd;
  return { groupMetrics, detailMetrics: detail, requests, metricsUsd, requestsUsd, totalUsd: metricsUsd + requestsUsd };
}
