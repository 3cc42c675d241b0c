import { Agent, type IncomingHttpHeaders, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { InputError } from "../contracts/input-error";

/** Environment variable that moves the metadata endpoint; the AWS SDKs read the same one. */
export const imdsEndpointVariable = "AWS_EC2_METADATA_SERVICE_ENDPOINT";

/**
 * Where the Auto Scaling group wants the instance to be.
 * Source: https://docs.aws.amazon.com/autoscaling/ec2/userguide/retrieving-target-lifecycle-state-through-imds.html
 */
export type TargetLifecycleState =
  | "Detached"
  | "InService"
  | "Standby"
  | "Terminated"
  | "Warmed:Hibernated"
  | "Warmed:Running"
  | "Warmed:Stopped"
  | "Warmed:Terminated";

export interface InstanceIdentity {
  readonly instanceId: string;
  readonly instanceType: string;
  readonly region: string;
  readonly availabilityZone: string;
  readonly imageId: string;
}

export interface SpotInstanceAction {
  readonly action: "terminate" | "stop" | "hibernate";
  /** ISO 8601; the action comes about two minutes after the notice. */
  readonly time: string;
}

export interface ImdsOptions {
  /** Base URL without a path. @default `AWS_EC2_METADATA_SERVICE_ENDPOINT`, else `http://169.254.169.254` */
  readonly endpoint?: string;
  /** Milliseconds that one request may take, from connecting to the last byte. @default 1000 */
  readonly timeoutMs?: number;
  /** Requests for one value before giving up; only faults of the connection, 429 and 5xx are tried again. @default 3 */
  readonly attempts?: number;
  /** Life of a session token in seconds, 1-21600. @default 21600 */
  readonly tokenTtlSeconds?: number;
  /** Monotonic milliseconds; a wall clock that steps must not keep an expired token alive. */
  readonly monotonicMs?: () => number;
}

/** The metadata service did not give a value: it cannot be reached, refuses tokens, or answered with an unexpected status. */
export class ImdsError extends Error {
  override readonly name = "ImdsError";
  constructor(
    readonly reason: "unreachable" | "refused" | "status" | "malformed",
    message: string,
    readonly status?: number,
  ) {
    super(message);
  }
}

/** Instance metadata, version 2 only: without a session token nothing is read. */
export interface Imds {
  /** Text at `latest/meta-data/PATH`; undefined where the service says 404. @throws ImdsError */
  metaData(path: string): Promise<string | undefined>;
  /** The instance identity document. @throws ImdsError */
  identity(): Promise<InstanceIdentity>;
  /** Value of an instance tag; undefined where it does not exist or tags in metadata are off. @throws ImdsError */
  tag(key: string): Promise<string | undefined>;
  /** Undefined outside an Auto Scaling group. @throws ImdsError */
  targetLifecycleState(): Promise<TargetLifecycleState | undefined>;
  /** Undefined until a spot interruption is announced. @throws ImdsError */
  spotInstanceAction(): Promise<SpotInstanceAction | undefined>;
  /** Time of a rebalance recommendation (ISO 8601), a hint that interruption is likely. @throws ImdsError */
  rebalanceRecommendation(): Promise<string | undefined>;
  /** Closes idle connections. */
  close(): void;
}

interface Token {
  readonly value: string;
  readonly refreshAt: number;
  readonly expiresAt: number;
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/**
 * Opens the instance metadata service (IMDSv2). Nothing is requested before the first call.
 * @throws InputError when the endpoint is no http URL
 */
export function createImds(options: ImdsOptions = {}): Imds {
  const base = parseEndpoint(options.endpoint ?? process.env[imdsEndpointVariable] ?? "http://169.254.169.254");
  const timeoutMs = options.timeoutMs ?? 1000;
  const attempts = options.attempts ?? 3;
  const ttlSeconds = options.tokenTtlSeconds ?? 21_600;
  const now = options.monotonicMs ?? (() => performance.now());
  const agent = new Agent({ keepAlive: true, maxSockets: 2, maxFreeSockets: 1 });
  let token: Token | undefined;
  let refreshing: Promise<Token> | undefined;

  async function fetchToken(): Promise<Token> {
    const answer = await send("PUT", "/latest/api/token", {
      "x-aws-ec2-metadata-token-ttl-seconds": String(ttlSeconds),
    });
    if (answer.status !== 200 || answer.body === "") {
      throw new ImdsError(
        "refused",
        `instance metadata refuses a session token (HTTP ${answer.status})`,
        answer.status,
      );
    }
    const granted = Number(answer.headers["x-aws-ec2-metadata-token-ttl-seconds"] ?? ttlSeconds);
    const life = (Number.isFinite(granted) && granted > 0 ? granted : ttlSeconds) * 1000;
    // Early: half the life of a short token, ten minutes before the end of a long one.
    return { value: answer.body, refreshAt: now() + Math.max(life / 2, life - 600_000), expiresAt: now() + life };
  }

  async function currentToken(): Promise<Token> {
    if (token !== undefined && now() < token.refreshAt) return token;
    refreshing ??= fetchToken().finally(() => {
      refreshing = undefined;
    });
    try {
      token = await refreshing;
    } catch (error) {
      if (token === undefined || now() >= token.expiresAt) throw error;
    }
    return token;
  }

  async function get(path: string): Promise<string | undefined> {
    let renewed = false;
    for (;;) {
      const used = await currentToken();
      const answer = await send("GET", path, { "x-aws-ec2-metadata-token": used.value });
      if (answer.status === 200) return answer.body;
      if (answer.status === 404) return undefined;
      if (answer.status !== 401 || renewed) {
        throw new ImdsError("status", `instance metadata answers HTTP ${answer.status} for ${path}`, answer.status);
      }
      renewed = true;
      if (token === used) token = undefined;
    }
  }

  async function send(method: "GET" | "PUT", path: string, headers: Record<string, string>): Promise<Answer> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await once(method, path, headers).catch((error: unknown) => error);
      const failed = answer instanceof Error;
      const transient = failed || (answer as Answer).status === 429 || (answer as Answer).status >= 500;
      if (!transient || (attempt >= attempts && !failed)) return answer as Answer;
      if (attempt >= attempts) {
        throw new ImdsError("unreachable", `instance metadata at ${base.origin}: ${(answer as Error).message}`);
      }
      // Holds the process: before a program listens nothing else does, and it would end without a word.
      await sleep(Math.random() * 100 * 2 ** attempt);
    }
  }

  function once(method: string, path: string, headers: Record<string, string>): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const { hostname, port } = base;
      const host = hostname.replace(/^\[|\]$/g, "");
      const call = request({ agent, host, port: port || 80, method, path, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("error", reject);
        response.on("end", () => {
          clearTimeout(deadline);
          const body = Buffer.concat(chunks).toString("utf8").trim();
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        });
      });
      const deadline = setTimeout(() => call.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs);
      call.on("error", reject);
      call.on("close", () => clearTimeout(deadline));
      call.end();
    });
  }

  const metaData = (path: string): Promise<string | undefined> => get(`/latest/meta-data/${path}`);

  return {
    metaData,
    identity: async () => {
      const document = parseJson(await get("/latest/dynamic/instance-identity/document"), "instance identity document");
      return {
        instanceId: text(document, "instanceId"),
        instanceType: text(document, "instanceType"),
        region: text(document, "region"),
        availabilityZone: text(document, "availabilityZone"),
        imageId: text(document, "imageId"),
      };
    },
    tag: (key) => metaData(`tags/instance/${key}`),
    targetLifecycleState: async () =>
      (await metaData("autoscaling/target-lifecycle-state")) as TargetLifecycleState | undefined,
    spotInstanceAction: async () => {
      const body = await metaData("spot/instance-action");
      if (body === undefined) return undefined;
      const notice = parseJson(body, "spot instance action");
      return { action: text(notice, "action") as SpotInstanceAction["action"], time: text(notice, "time") };
    },
    rebalanceRecommendation: async () => {
      const body = await metaData("events/recommendations/rebalance");
      return body === undefined ? undefined : text(parseJson(body, "rebalance recommendation"), "noticeTime");
    },
    close: () => agent.destroy(),
  };
}

function parseEndpoint(value: string): URL {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url === undefined || url.protocol !== "http:") {
    throw new InputError({
      path: "imds.endpoint",
      given: value,
      allowed: "an http URL, for example http://169.254.169.254",
      where: `environment variable ${imdsEndpointVariable}`,
    });
  }
  return url;
}

function parseJson(body: string | undefined, what: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body ?? "");
    if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  } catch {
    // Said below.
  }
  throw new ImdsError("malformed", `instance metadata: the ${what} is not a JSON object`);
}

function text(document: Record<string, unknown>, key: string): string {
  const value = document[key];
  if (typeof value !== "string") throw new ImdsError("malformed", `instance metadata: ${key} is missing`);
  return value;
}
