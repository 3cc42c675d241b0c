import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** A request that the double has seen. */
export interface ImdsRequest {
  readonly method: string;
  readonly path: string;
  readonly withToken: boolean;
}

/**
 * A double of the instance metadata service for tests and for the platform on one machine: real HTTP, session tokens as
 * IMDSv2 demands, values from a table that may change at any time. A path that is not in the table answers 404.
 */
export interface ImdsDouble {
  /** Base URL for `AWS_EC2_METADATA_SERVICE_ENDPOINT`. */
  readonly url: string;
  /** Path below `/latest/` to body, for example `meta-data/autoscaling/target-lifecycle-state`. */
  readonly values: Map<string, string>;
  /** The newest thousand. */
  readonly requests: ImdsRequest[];
  /** `stall` takes requests and never answers; `refuse` denies session tokens, as where metadata is switched off. */
  mode: "serve" | "stall" | "refuse" | "error";
  /** Forgets every token given out, so that the next use of one answers 401. */
  revokeTokens(): void;
  close(): Promise<void>;
}

/** Starts the double on a free loopback port. @param tokenTtlSeconds Longest token life that it grants. @default 21600 */
export async function startImdsDouble(tokenTtlSeconds = 21_600): Promise<ImdsDouble> {
  const values = new Map<string, string>();
  const requests: ImdsRequest[] = [];
  const tokens = new Set<string>();
  let serial = 0;

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const path = request.url ?? "";
    const token = request.headers["x-aws-ec2-metadata-token"];
    requests.push({ method: request.method ?? "", path, withToken: token !== undefined });
    if (requests.length > 1000) requests.shift();
    const answer = (status: number, body = ""): void => {
      response.writeHead(status, { "content-type": "text/plain" }).end(body);
    };
    if (double.mode === "stall") return;
    if (double.mode === "error") return answer(500);
    if (request.method === "PUT" && path === "/latest/api/token") {
      const asked = Number(request.headers["x-aws-ec2-metadata-token-ttl-seconds"]);
      if (double.mode === "refuse") return answer(403);
      if (!(asked >= 1 && asked <= 21_600)) return answer(400);
      serial += 1;
      tokens.add(`token-${serial}`);
      response.setHeader("x-aws-ec2-metadata-token-ttl-seconds", String(Math.min(asked, tokenTtlSeconds)));
      return answer(200, `token-${serial}`);
    }
    if (typeof token !== "string" || !tokens.has(token)) return answer(401);
    const value = values.get(decodeURIComponent(path).replace(/^\/latest\//, ""));
    return value === undefined ? answer(404) : answer(200, value);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));

  const double: ImdsDouble = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    values,
    requests,
    mode: "serve",
    revokeTokens: () => tokens.clear(),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
  return double;
}

/** Fills the double with what an instance of an Auto Scaling group sees. */
export function describeInstance(
  double: ImdsDouble,
  instance: { instanceId?: string; autoScalingGroup?: string; lifecycleState?: string; region?: string } = {},
): void {
  const region = instance.region ?? "us-east-1";
  const { values } = double;
  values.set(
    "dynamic/instance-identity/document",
    JSON.stringify({
      accountId: "123456789012",
      availabilityZone: `${region}a`,
      imageId: "ami-0123456789abcdef0",
      instanceId: instance.instanceId ?? "i-0123456789abcdef0",
      instanceType: "g5.xlarge",
      region,
    }),
  );
  if (instance.autoScalingGroup !== undefined) {
    values.set("meta-data/tags/instance/aws:autoscaling:groupName", instance.autoScalingGroup);
  }
  if (instance.lifecycleState !== undefined) {
    values.set("meta-data/autoscaling/target-lifecycle-state", instance.lifecycleState);
  }
}
