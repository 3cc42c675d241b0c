import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";

/** A datum as it came over the wire. */
export interface ReceivedDatum {
  readonly MetricName: string;
  readonly Dimensions: readonly { readonly Name: string; readonly Value: string }[];
  /** Seconds since 1970. */
  readonly Timestamp: number;
  readonly Unit: string;
  readonly StorageResolution: number;
  readonly StatisticValues: {
    readonly SampleCount: number;
    readonly Sum: number;
    readonly Minimum: number;
    readonly Maximum: number;
  };
}

export interface ReceivedRequest {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly namespace: string;
  readonly data: readonly ReceivedDatum[];
  readonly encoding: string | undefined;
  readonly bytes: number;
  readonly accessKey: string | undefined;
}

/** What the double does with a request: takes it, or fails as CloudWatch and networks do. */
export type Behaviour =
  | "take"
  | "throttle"
  | "error"
  | "reset"
  | "stall"
  | "expired"
  | "denied"
  | { readonly refuse: (datum: ReceivedDatum) => boolean; readonly names: "member" | "nothing" };

/**
 * A double of the CloudWatch endpoint for tests, benchmarks and the platform on one machine: real HTTP, the protocol that the SDK
 * speaks (AWS JSON 1.0, query-compatible errors, gzip), the documented limits of PutMetricData. It checks no signature.
 */
export interface CloudWatchDouble {
  readonly url: string;
  /** Requests that were taken. */
  readonly taken: ReceivedRequest[];
  /** Requests that came, taken or not. */
  attempts: number;
  behaviour: Behaviour;
  /** All data taken, in order. */
  data(): ReceivedDatum[];
  close(): Promise<void>;
}

/** Starts the double. @param port 0 for a free one. */
export async function startCloudWatchDouble(port = 0): Promise<CloudWatchDouble> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("error", () => undefined);
    request.on("end", () => answer(double, request, response, Buffer.concat(chunks)));
  });
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  const double: CloudWatchDouble = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    taken: [],
    attempts: 0,
    behaviour: "take",
    data: () => double.taken.flatMap(({ data }) => data),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return double;
}

function answer(double: CloudWatchDouble, request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  double.attempts += 1;
  const { behaviour } = double;
  if (behaviour === "stall") return;
  if (behaviour === "reset") {
    request.socket.resetAndDestroy();
    return;
  }
  const failure = typeof behaviour === "string" ? failures[behaviour] : undefined;
  if (failure !== undefined) fail(response, failure);
  else if (request.headers["x-amz-target"] !== "GraniteServiceVersion20100801.PutMetricData") {
    fail(response, [400, "UnknownOperationException", "InvalidAction", "Unknown operation"]);
  } else take(double, request, response, body);
}

type Failure = readonly [status: number, type: string, code: string, message: string];

const failures: Readonly<Record<string, Failure | undefined>> = {
  throttle: [400, "ThrottlingException", "Throttling", "Rate exceeded"],
  error: [500, "InternalServiceFault", "InternalServiceError", "Internal error"],
  expired: [403, "ExpiredTokenException", "ExpiredToken", "The token expired"],
  denied: [403, "AccessDeniedException", "AccessDenied", "Not allowed"],
};

function take(double: CloudWatchDouble, request: IncomingMessage, response: ServerResponse, body: Buffer): void {
  const encoding = request.headers["content-encoding"];
  const plain = encoding === "gzip" ? gunzipSync(body) : body;
  const { Namespace, MetricData } = JSON.parse(plain.toString("utf8")) as {
    Namespace: string;
    MetricData: ReceivedDatum[];
  };
  const problem = findProblem(MetricData, body.length, double.behaviour);
  if (problem !== undefined) {
    fail(response, [400, "InvalidParameterValueException", "InvalidParameterValue", problem]);
    return;
  }
  double.taken.push({
    at: Date.now(),
    namespace: Namespace,
    data: MetricData,
    encoding,
    bytes: body.length,
    accessKey: /Credential=([^/]+)/.exec(request.headers.authorization ?? "")?.[1],
  });
  response.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end("{}");
}

/** Source: PutMetricData in the CloudWatch API reference. */
function findProblem(data: readonly ReceivedDatum[], bytes: number, behaviour: Behaviour): string | undefined {
  if (data.length > 1000) return "The collection MetricData must not have a size greater than 1000";
  if (bytes > 1_048_576) return "The request is larger than 1 MB";
  for (const [index, datum] of data.entries()) {
    const place = `The parameter MetricData.member.${index + 1}`;
    const { SampleCount, Sum, Minimum, Maximum } = datum.StatisticValues;
    if (![SampleCount, Sum, Minimum, Maximum].every(Number.isFinite)) return `${place}.StatisticValues is not a number`;
    if (Minimum > Maximum) return `${place}.StatisticValues.Maximum must not be less than Minimum`;
    if (datum.Dimensions.length > 30) return `${place}.Dimensions has more than 30`;
    if (datum.Dimensions.some(({ Value }) => Value === ""))
      return `${place}.Dimensions.member.1.Value must not be empty`;
    if (typeof behaviour === "object" && behaviour.refuse(datum)) {
      return behaviour.names === "member" ? `${place}.MetricName is refused` : "One of the values is refused";
    }
  }
  return undefined;
}

function fail(response: ServerResponse, [status, type, code, message]: Failure): void {
  response.writeHead(status, {
    "content-type": "application/x-amz-json-1.0",
    "x-amzn-query-error": `${code};${status < 500 ? "Sender" : "Receiver"}`,
  });
  response.end(JSON.stringify({ __type: `com.amazonaws.cloudwatch#${type}`, message }));
}
