import { setTimeout as sleep } from "node:timers/promises";
import { defaultProvider } from "@aws-sdk/credential-provider-node";
import { SignatureV4 } from "@smithy/signature-v4";
import { Sha256 } from "../../../runtime/sha256";
import { type Service, services } from "./services";

// Calls to two dozen services of AWS, each by its name and action: clients of the SDK for all of them would weigh more than the rest of
// this command, whose calls are few and simple. Credentials and signatures are the SDK's own.

/** What AWS answered instead of doing what was asked. */
export class AwsError extends Error {
  override readonly name = "AwsError";

  constructor(
    readonly code: string,
    readonly action: string,
    message: string,
  ) {
    super(`${action}: ${code}${message === "" ? "" : `: ${message}`}`);
  }
}

/** Parameters of a call; for the query protocol lists and objects become `Name.1`, `Name.1.Key`. */
export type Parameters = Readonly<Record<string, unknown>>;

/** An answer: the object of a JSON service, or the text of an XML one (read with `valuesOf`). */
export interface AwsCall {
  /** @throws AwsError when AWS refuses it. */
  json(service: Service, action: string, parameters?: Parameters): Promise<Record<string, unknown>>;
  /** @throws AwsError when AWS refuses it. */
  xml(service: Service, action: string, parameters?: Parameters): Promise<string>;
  /** A call of a REST service, `DELETE /schedules/x`; the body of its answer. */
  rest(service: Service, method: "GET" | "DELETE", path: string): Promise<Record<string, unknown>>;
  readonly region: string;
}

export interface AwsCallOptions {
  readonly region: string;
  /** Where all services are, as of an emulator. @default AWS_ENDPOINT_URL, else AWS itself */
  readonly endpoint?: string;
  /** @default looked for where the SDK looks */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  /** Tries of a call that is throttled or that the service fails. @default 6 */
  readonly tries?: number;
}

const throttled = /Throttl|RequestLimitExceeded|TooManyRequests|SlowDown/;

/** Makes the caller. Credentials are looked for at the first call, where the SDK looks for them. */
export function awsCall(options: AwsCallOptions): AwsCall {
  const { region, endpoint = process.env.AWS_ENDPOINT_URL, credentials = defaultProvider(), tries = 6 } = options;
  const signers = new Map<string, SignatureV4>();

  return {
    region,
    json: async (service, action, parameters = {}) => {
      const { target, jsonVersion = "1.1" } = services[service];
      const headers = {
        "content-type": `application/x-amz-json-${jsonVersion}`,
        "x-amz-target": `${target}.${action}`,
      };
      return parsed(
        await send(service, action, { method: "POST", path: "/", headers, body: JSON.stringify(parameters) }),
      );
    },
    xml: (service, action, parameters = {}) => {
      const { version } = services[service];
      const body = queryText({ Action: action, Version: version, ...parameters }, service === "ec2");
      const headers = { "content-type": "application/x-www-form-urlencoded; charset=utf-8" };
      return send(service, action, { method: "POST", path: "/", headers, body });
    },
    rest: async (service, method, path) =>
      parsed(await send(service, `${method} ${path}`, { method, path, headers: {}, body: "" })),
  };

  async function send(service: Service, action: string, request: Outgoing): Promise<string> {
    for (let attempt = 1; ; attempt += 1) {
      const { status, text } = await once(service, request);
      if (status < 300) return text;
      const error = errorOf(`${service} ${action}`, status, text);
      if (attempt >= tries || !(status >= 500 || throttled.test(error.code))) throw error;
      await sleep(Math.random() * Math.min(100 * 2 ** attempt, 5_000));
    }
  }

  async function once(service: Service, { method, path, headers, body }: Outgoing) {
    const { host, global } = services[service];
    const url = new URL(endpoint ?? `https://${global ? host : `${host}.${region}`}.amazonaws.com`);
    const signed = await signer(service).sign({
      method,
      protocol: url.protocol,
      hostname: url.hostname,
      ...(url.port === "" ? {} : { port: Number(url.port) }),
      path,
      headers: { ...headers, host: url.host },
      body,
    });
    const answer = await fetch(new URL(path, url), {
      method,
      headers: signed.headers,
      ...(body === "" ? {} : { body }),
      signal: AbortSignal.timeout(30_000),
    });
    return { status: answer.status, text: await answer.text() };
  }

  function signer(service: Service): SignatureV4 {
    const { host, signingName = host, global } = services[service];
    const made =
      signers.get(service) ??
      new SignatureV4({
        service: signingName,
        region: global ? "us-east-1" : region,
        credentials,
        sha256: Sha256,
      });
    signers.set(service, made);
    return made;
  }
}

interface Outgoing {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

const parsed = (text: string): Record<string, unknown> => (text === "" ? {} : JSON.parse(text));

function errorOf(action: string, status: number, text: string): AwsError {
  const [code] = valuesOf(text, "Code");
  if (code !== undefined) return new AwsError(code, action, valuesOf(text, "Message")[0] ?? "");
  try {
    const { __type, code: plain, message, Message } = JSON.parse(text) as Record<string, string | undefined>;
    return new AwsError((__type ?? plain ?? `HTTP ${status}`).split("#").at(-1)!, action, message ?? Message ?? "");
  } catch {
    return new AwsError(`HTTP ${status}`, action, text.slice(0, 200));
  }
}

/** Flattens parameters for the query protocol; EC2 numbers lists without the word `member`. */
export function queryText(parameters: Parameters, ec2: boolean): string {
  const pairs = new URLSearchParams();
  const add = (name: string, value: unknown): void => {
    if (value === undefined) return;
    if (Array.isArray(value)) {
      const stem = ec2 ? name : `${name}.member`;
      for (const [index, item] of value.entries()) add(`${stem}.${index + 1}`, item);
    } else if (typeof value === "object" && value !== null) {
      for (const [key, inner] of Object.entries(value)) add(`${name}.${key}`, inner);
    } else pairs.append(name, String(value));
  };
  for (const [name, value] of Object.entries(parameters)) add(name, value);
  return pairs.toString();
}

/** The texts of all elements of a name, in order, empty ones included. AWS's XML has no attributes but a namespace, and no CDATA. */
export function valuesOf(xml: string, element: string): string[] {
  const found = xml.matchAll(new RegExp(`<${element}\\s*(?:/>|>([^<]*)</${element}>)`, "g"));
  return [...found].map(([, text]) => unescaped(text ?? ""));
}

const entities: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };
const unescaped = (text: string): string =>
  text.replaceAll(/&(lt|gt|amp|quot|apos);/g, (_, name: string) => entities[name]!);
