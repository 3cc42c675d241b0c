import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { buffer } from "node:stream/consumers";
import { gunzipSync } from "node:zlib";
import type { MetricDatum } from "./metric-store";

/** A call of the Auto Scaling API that nodes make of themselves. */
export interface AutoScalingCall {
  readonly action: "CompleteLifecycleAction" | "RecordLifecycleActionHeartbeat" | "SetInstanceHealth";
  readonly instanceId: string;
  /** Name of the hook; absent for SetInstanceHealth. */
  readonly hook?: string;
}

export interface AwsEndpointOptions {
  readonly onData: (namespace: string, data: readonly MetricDatum[]) => void;
  /** Returns false where nothing waits for the call, which the API answers with a ValidationError. */
  readonly onCall: (call: AutoScalingCall) => boolean;
}

export interface AwsEndpoint {
  readonly url: string;
  close(): Promise<void>;
}

const actions: readonly string[] = [
  "CompleteLifecycleAction",
  "RecordLifecycleActionHeartbeat",
  "SetInstanceHealth",
] satisfies AutoScalingCall["action"][];

const maxBytes = 1_048_576;

/**
 * In the place of CloudWatch and EC2 Auto Scaling on this machine: PutMetricData (AWS JSON 1.0, gzip) and the calls that nodes make
 * of their lifecycle (AWS Query), as the SDKs send them. It checks no signature and knows nothing else.
 */
export async function startAwsEndpoint(port: number, options: AwsEndpointOptions): Promise<AwsEndpoint> {
  const server = createServer((request, response) => {
    answer(request, response, options).catch(() => {
      if (!response.headersSent) response.writeHead(400);
      response.end();
    });
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  return {
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(request: IncomingMessage, response: ServerResponse, options: AwsEndpointOptions): Promise<void> {
  const target = request.headers["x-amz-target"];
  const sent = await buffer(request);
  const body =
    request.headers["content-encoding"] === "gzip" ? gunzipSync(sent, { maxOutputLength: 8 * maxBytes }) : sent;
  if (target === undefined) {
    query(new URLSearchParams(body.toString("utf8")), response, options);
    return;
  }
  if (target !== "GraniteServiceVersion20100801.PutMetricData" || sent.length > maxBytes) {
    const problem = { __type: "com.amazonaws.cloudwatch#InvalidAction", message: `${target} is not known here` };
    response.writeHead(400, { "content-type": "application/x-amz-json-1.0" }).end(JSON.stringify(problem));
    return;
  }
  const { Namespace, MetricData } = JSON.parse(body.toString("utf8")) as {
    Namespace: string;
    MetricData: readonly MetricDatum[];
  };
  options.onData(Namespace, MetricData);
  response.writeHead(200, { "content-type": "application/x-amz-json-1.0" }).end("{}");
}

function query(parameters: URLSearchParams, response: ServerResponse, { onCall }: AwsEndpointOptions): void {
  const action = parameters.get("Action") ?? "";
  const instanceId = parameters.get("InstanceId") ?? "";
  const call = { action, instanceId, hook: parameters.get("LifecycleHookName") ?? undefined } as AutoScalingCall;
  if (!actions.includes(action)) fail(response, "InvalidAction", `${action} is not known here`);
  else if (onCall(call)) done(response, action);
  else fail(response, "ValidationError", `No active Lifecycle Action found with instance ID ${instanceId}`);
}

function done(response: ServerResponse, action: string): void {
  const result = `<${action}Result/><ResponseMetadata><RequestId>local</RequestId></ResponseMetadata>`;
  xml(
    response,
    200,
    `<${action}Response xmlns="http://autoscaling.amazonaws.com/doc/2011-01-01/">${result}</${action}Response>`,
  );
}

function fail(response: ServerResponse, code: string, message: string): void {
  const error = `<Error><Type>Sender</Type><Code>${code}</Code><Message>${message.replaceAll(/[<&]/g, "?")}</Message></Error>`;
  xml(response, 400, `<ErrorResponse>${error}<RequestId>local</RequestId></ErrorResponse>`);
}

function xml(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, { "content-type": "text/xml" }).end(body);
}
