import type { CloudWatchClient, MetricDatum } from "@aws-sdk/client-cloudwatch";
import { gpuNamespace } from "../../../contracts/metrics";
import { type ErrorFacts, isCredentialError, judgeError, type Outcome, type Sink } from "./sink";
import type { Datum } from "./window";

export interface CloudWatchOptions {
  /** Undefined until the node knows who it is; data waits until then. */
  readonly identity: () =>
    | { readonly region: string; readonly autoScalingGroup: string; readonly instanceId: string }
    | undefined;
  /** Another endpoint than the region's. */
  readonly endpoint?: string;
  /** Seconds of the window; 10 asks for high-resolution storage. */
  readonly period: number;
}

/** Milliseconds to connect. */
const connectMs = 2000;

/**
 * Sends data to CloudWatch through the AWS SDK, gzipped. The SDK does not retry: the publisher does, with what is newest by then.
 * The client is made anew when credentials are refused, which makes the SDK fetch them again.
 */
export class CloudWatchSink implements Sink {
  private client: CloudWatchClient | undefined;

  constructor(private readonly options: CloudWatchOptions) {}

  async put(data: readonly Datum[], signal: AbortSignal): Promise<Outcome> {
    const identity = this.options.identity();
    if (identity === undefined) return { kind: "retry", reason: "the node does not know its Auto Scaling group yet" };
    try {
      const { PutMetricDataCommand } = await import("@aws-sdk/client-cloudwatch");
      this.client ??= await this.connect(identity.region);
      await this.client.send(
        new PutMetricDataCommand({
          Namespace: gpuNamespace,
          MetricData: data.map((datum) => toMetricDatum(datum, identity, this.options.period)),
        }),
        { abortSignal: signal },
      );
      return { kind: "delivered" };
    } catch (error) {
      const facts = errorFacts(error);
      if (isCredentialError(facts)) this.close();
      return judgeError(facts);
    }
  }

  close(): void {
    this.client?.destroy();
    this.client = undefined;
  }

  private async connect(region: string): Promise<CloudWatchClient> {
    const { CloudWatchClient } = await import("@aws-sdk/client-cloudwatch");
    return new CloudWatchClient({
      region,
      ...(this.options.endpoint === undefined ? {} : { endpoint: this.options.endpoint }),
      maxAttempts: 1,
      requestMinCompressionSizeBytes: 0,
      requestHandler: { connectionTimeout: connectMs, httpAgent: { keepAlive: true, maxSockets: 1 } },
    });
  }
}

/** One datum as the API takes it. @param period Seconds; below 60 the storage resolution is 1 s. */
export function toMetricDatum(
  datum: Datum,
  identity: { readonly autoScalingGroup: string; readonly instanceId: string },
  period: number,
): MetricDatum {
  const values: Record<string, string> = {
    AutoScalingGroupName: identity.autoScalingGroup,
    InstanceId: identity.instanceId,
    GPU: String(datum.gpu ?? ""),
  };
  return {
    MetricName: datum.metric.name,
    Dimensions: datum.metric.dimensions.map((name) => ({ Name: name, Value: values[name] ?? "" })),
    Timestamp: new Date(datum.timestamp),
    Unit: datum.metric.unit === "Watts" ? "None" : datum.metric.unit,
    StorageResolution: period < 60 ? 1 : 60,
    StatisticValues: { SampleCount: datum.count, Sum: datum.sum, Minimum: datum.min, Maximum: datum.max },
  };
}

function errorFacts(error: unknown): ErrorFacts {
  const { name, message, Code, $metadata } = error as Error & {
    Code?: string;
    $metadata?: { httpStatusCode?: number };
  };
  return { name, message, code: Code, status: $metadata?.httpStatusCode };
}
