import type { Outputs, Unresolved } from "../graph/graph";
import type { Container, DeclaredService } from "../graph/tasks";
import { type AddressBook, loopback } from "./addresses";
import { type DatabasePlace, databaseEnvironment } from "./database-environment";
import { programEnvironment } from "./program-environment";

/** What the environment of every service is made from. */
export interface EnvironmentSources {
  readonly outputs: Outputs;
  /** Values of secrets, by the text that stands for their ARN. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly addresses: AddressBook;
  readonly database: DatabasePlace;
  /** Endpoint that takes the place of CloudWatch. */
  readonly awsEndpoint: string;
  /** Variables of this machine's issuer of players' tokens, which takes the place of the stack's. */
  readonly players: Readonly<Record<string, string>>;
  /** Endpoint that takes the place of SNS and SQS. */
  readonly eventsEndpoint: string;
}

/** Nodes of this machine have no GPU: the router's limits, which follow from the catalogue's speeds, are wider for them. */
const slowNodes = { AI_ROUTER_SLOWNESS: "20" } as const;

/** A variable of a task definition that has no value on this machine, and the output that it would hold. */
export interface MissingVariable {
  readonly service: string;
  readonly variable: string;
  readonly output: Unresolved;
}

/**
 * The environment of a service's process: what its image and its task definition say, with values of this machine for what only the
 * cloud knows. A variable without a value here is left out and named. Nothing of the caller's AWS settings gets through.
 */
export function serviceEnvironment(
  service: DeclaredService,
  container: Container,
  image: Readonly<Record<string, string>>,
  localPort: number | undefined,
  sources: EnvironmentSources,
): { readonly env: NodeJS.ProcessEnv; readonly missing: readonly MissingVariable[] } {
  const { outputs, secrets, addresses, database, awsEndpoint, eventsEndpoint, players } = sources;
  const missing: MissingVariable[] = [];
  const declared: Record<string, string> = {};
  const take = (variable: string, text: string, finish: (text: string) => string | undefined): void => {
    const value = outputs.resolve(text);
    if ("unresolved" in value) missing.push({ service: service.name, variable, output: value.unresolved });
    else declared[variable] = finish(value.text) ?? "";
  };
  for (const { name, value } of container.environment) take(name, value, (text) => addresses.localise(text));
  for (const { name, valueFrom } of container.secrets) take(name, valueFrom, (arn) => secrets.get(arn));
  const cache = missing.some(({ variable }) => variable === "REDIS_HOST");
  const kept = Object.entries(declared).filter(([name]) => !(cache && name.startsWith("REDIS_")));
  const env = {
    ...programEnvironment(),
    ...image,
    ...databaseEnvironment(service.name, Object.fromEntries(kept), database),
    ...loopback,
    ...(localPort !== undefined && { PORT: String(localPort) }),
    AWS_ACCESS_KEY_ID: "local",
    AWS_SECRET_ACCESS_KEY: "local",
    AWS_EC2_METADATA_DISABLED: "true",
    ...slowNodes,
    AWS_ENDPOINT_URL_CLOUDWATCH: awsEndpoint,
    ...(service.port === undefined ? {} : players),
    AWS_ENDPOINT_URL_SNS: eventsEndpoint,
    AWS_ENDPOINT_URL_SQS: eventsEndpoint,
  };
  return { env, missing };
}
