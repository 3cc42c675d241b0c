import { InputError } from "../contracts/input-error";
import type { PlatformConfig, ServiceConfig } from "./config-schema";
import { type ServiceDefinition, serviceCatalogue, serviceNames } from "./service-catalogue";
import { checkServices, type ServiceSettings } from "./service-checks";

/**
 * The services of a stack, sorted by name: the catalogue with what config changes, checked.
 * @throws InputError naming the config key or the catalogue.
 */
export function serviceSettings(
  config: PlatformConfig,
  { stack, production }: { readonly stack: string; readonly production: boolean },
): ServiceSettings[] {
  const unknown = Object.keys(config.services).find((name) => !Object.hasOwn(serviceCatalogue, name));
  if (unknown !== undefined) {
    throw new InputError({
      path: `services.${unknown}`,
      given: config.services[unknown],
      allowed: `changes to ${serviceNames.join(", ")}`,
      where: `Pulumi.${stack}.yaml, key game-ai-platform:services`,
    });
  }
  const services = serviceNames
    .filter((name) => config.services[name]?.enabled ?? true)
    .map((name) => settle(name, serviceCatalogue[name], config.services[name] ?? {}, config.compute.tasks));
  checkServices(services, {
    stack,
    production,
    database: config.database.enabled,
    cache: config.cache.enabled,
  });
  return services;
}

function settle(
  name: string,
  definition: ServiceDefinition,
  config: ServiceConfig,
  tasks: PlatformConfig["compute"]["tasks"],
): ServiceSettings {
  return {
    ...definition,
    name,
    cpu: config.cpu ?? definition.cpu,
    memory: config.memory ?? definition.memory,
    image: config.image,
    command: config.command,
    healthCommand: config.healthCommand,
    environment: { ...definition.environment, ...config.environment },
    tasks: config.tasks ?? taskRange(definition, tasks),
    configured: Object.keys(config),
  };
}

function taskRange({ tasks }: ServiceDefinition, mode: PlatformConfig["compute"]["tasks"]): ServiceSettings["tasks"] {
  if (mode === "catalogue") return tasks;
  return { min: 1, max: mode === "minimal" ? Math.min(2, tasks.max) : 1 };
}
