import type { PropertyValue, RecordedResource } from "../../engine";
import { isObject, unwrapSecret } from "../../engine";
import type { Graph } from "./graph";

/** A container of a task definition, as far as a process can be made of it. */
export interface Container {
  readonly name: string;
  /** Absent: the image's own. */
  readonly command?: readonly string[];
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  readonly secrets: readonly { readonly name: string; readonly valueFrom: string }[];
  readonly essential: boolean;
  readonly dependsOn?: readonly { readonly condition: string; readonly containerName: string }[];
  readonly healthCheck?: { readonly command: readonly string[] };
  readonly portMappings: readonly { readonly containerPort: number }[];
  /** Seconds. */
  readonly stopTimeout: number;
}

/** An ECS service with its task, as the graph has it. */
export interface DeclaredService {
  readonly name: string;
  readonly resource: RecordedResource;
  readonly main: Container;
  /** Containers that must succeed before the main one starts, in order. */
  readonly before: readonly Container[];
  /** The port that its container listens at; absent for a worker. */
  readonly port?: number;
  /** Path that its container health check asks for. */
  readonly healthPath?: string;
  /** Names under which Service Connect offers it to others. */
  readonly aliases: readonly { readonly host: string; readonly port: number }[];
  /** True where its container is the stub of a service without an image. */
  readonly stub: boolean;
  /** True for a task of the smallest size, whose program shares a process here. */
  readonly small?: boolean;
}

/** CPU units of the smallest task that Fargate has. */
const smallestCpu = 256;

/** Every ECS service of the graph, sorted by name. */
export function declaredServices(graph: Graph): DeclaredService[] {
  return graph
    .ofType("aws:ecs/service:Service")
    .map((service) => declared(graph, service))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function declared(graph: Graph, resource: RecordedResource): DeclaredService {
  const definition = graph.behind(resource.inputs.taskDefinition);
  const containers = readContainers(definition);
  const main = containers.find(({ essential }) => essential)!;
  const wanted = (main.dependsOn ?? []).map(({ containerName }) => containerName);
  const port = main.portMappings[0]?.containerPort;
  return {
    name: main.name,
    resource,
    main,
    before: containers.filter(({ name }) => wanted.includes(name)),
    port,
    healthPath: healthPath(main, port),
    aliases: aliases(resource.inputs.serviceConnectConfiguration),
    stub: stubScript(main) !== undefined,
    small: Number(definition?.inputs.cpu) <= smallestCpu,
  };
}

function readContainers(definition: RecordedResource | undefined): Container[] {
  const text = definition === undefined ? null : unwrapSecret(definition.inputs.containerDefinitions ?? null);
  return typeof text === "string" ? (JSON.parse(text) as Container[]) : [];
}

/** The path in `fetch("http://127.0.0.1:PORT/path")` or in curl's words; undefined for a check of another kind. */
function healthPath({ healthCheck }: Container, port: number | undefined): string | undefined {
  const text = healthCheck?.command.join(" ") ?? "";
  return new RegExp(`https?://(?:127\\.0\\.0\\.1|localhost):${port}(/[^\\s"'\\\\)]*)`).exec(text)?.[1];
}

/** The script of a container that runs `node -e`, as the stub does. */
export function stubScript({ command }: Container): string | undefined {
  return command?.[0] === "node" && command[1] === "-e" ? command[2] : undefined;
}

function aliases(configuration: PropertyValue | undefined): DeclaredService["aliases"] {
  if (!isObject(configuration) || !Array.isArray(configuration.services)) return [];
  return configuration.services.flatMap((service) => {
    if (!isObject(service) || !Array.isArray(service.clientAlias)) return [];
    return service.clientAlias.flatMap((alias) =>
      isObject(alias) ? [{ host: String(alias.dnsName), port: Number(alias.port) }] : [],
    );
  });
}
