import { fargateSizeProblem } from "../catalog/fargate";
import type { LimitProblem } from "../catalog/problem";
import { digestProblem } from "../catalog/storage";
import { InputError } from "../contracts/input-error";
import type { ServiceDefinition } from "./service-catalogue";

/** A service as a stack runs it: its definition with what config changed. */
export interface ServiceSettings extends ServiceDefinition {
  readonly name: string;
  /** Absent: the stub. */
  readonly image?: string;
  readonly command?: readonly string[];
  readonly healthCommand?: readonly string[];
  readonly user?: string;
  readonly tasks: { readonly min: number; readonly max: number };
  /** Names of the definition's fields that config set, so that an error can say where. */
  readonly configured: readonly string[];
}

/** What a stack has to offer to its services. */
export interface StackOffer {
  readonly stack: string;
  readonly production: boolean;
  readonly database: boolean;
  readonly cache: boolean;
}

/**
 * Checks the services of a stack against each other and against what the stack has.
 * @throws InputError for the first problem, naming the config key or the catalogue.
 */
export function checkServices(services: readonly ServiceSettings[], offer: StackOffer): void {
  for (const service of services) {
    checkOne(service, offer);
    checkNeeds(service, services, offer);
  }
  checkPublicPaths(services);
  checkCycles(services);
}

function checkOne(service: ServiceSettings, { stack, production }: StackOffer): void {
  const size = fargateSizeProblem(service.cpu, service.memory);
  if (size !== undefined) {
    throw problem(service, size.allowed.startsWith("cpu") ? "cpu" : "memory", size, stack);
  }
  const { min, max } = service.tasks;
  if (min > max) throw problem(service, "tasks", { given: service.tasks, allowed: "a min that is at most max" }, stack);
  if (production && service.image !== undefined) {
    const tag = digestProblem(service.image);
    if (tag !== undefined) throw problem(service, "image", tag, stack);
  }
  if (service.command !== undefined && service.image === undefined) {
    throw problem(service, "command", { given: service.command, allowed: "a command together with an image" }, stack);
  }
}

function checkNeeds(service: ServiceSettings, services: readonly ServiceSettings[], offer: StackOffer): void {
  if (service.database !== undefined && !offer.database) throw missing(service, "database", offer.stack);
  if (service.cache && !offer.cache) throw missing(service, "cache", offer.stack);
  for (const callee of service.calls ?? []) {
    const target = services.find(({ name }) => name === callee);
    if (target?.http !== undefined) continue;
    const listeners = services.filter(({ http }) => http !== undefined).map(({ name }) => name);
    throw new InputError({
      path: `services.${service.name}.calls`,
      given: callee,
      allowed: `a service of this stack that listens: ${listeners.join(", ")}`,
      where: `stacks/service-catalogue.ts, or Pulumi.${offer.stack}.yaml, key game-ai-platform:services`,
    });
  }
}

function missing(service: ServiceSettings, need: "database" | "cache", stack: string): InputError {
  return new InputError({
    path: `${need}.enabled`,
    given: false,
    allowed: `true, since ${service.name} needs it; or services.${service.name}.enabled: false`,
    where: `Pulumi.${stack}.yaml, key game-ai-platform:${need}`,
  });
}

function checkPublicPaths(services: readonly ServiceSettings[]): void {
  const owners = new Map<string, string>();
  for (const { name, publicPaths = [] } of services) {
    for (const path of publicPaths) {
      const owner = owners.get(path);
      if (owner !== undefined) {
        throw new InputError({
          path: `services.${name}.publicPaths`,
          given: path,
          allowed: `a path that no other service has; ${owner} has it`,
          where: "stacks/service-catalogue.ts",
        });
      }
      owners.set(path, name);
    }
  }
}

/** Two services that may call each other, over however many others, hide who depends on whom and deadlock a cold start. */
function checkCycles(services: readonly ServiceSettings[]): void {
  const calls = new Map(services.map(({ name, calls = [] }) => [name, calls]));
  const done = new Set<string>();
  const visit = (name: string, path: readonly string[]): void => {
    const start = path.indexOf(name);
    if (start >= 0) {
      throw new InputError({
        path: `services.${path[start]}.calls`,
        given: [...path.slice(start), name].join(" -> "),
        allowed: "calls without a cycle",
        where: "stacks/service-catalogue.ts",
      });
    }
    if (done.has(name)) return;
    for (const callee of calls.get(name) ?? []) visit(callee, [...path, name]);
    done.add(name);
  };
  for (const { name } of services) visit(name, []);
}

function problem(service: ServiceSettings, field: string, { given, allowed }: LimitProblem, stack: string): InputError {
  const where =
    service.configured.length > 0
      ? `Pulumi.${stack}.yaml, key game-ai-platform:services`
      : "stacks/service-catalogue.ts";
  return new InputError({ path: `services.${service.name}.${field}`, given, allowed, where });
}
