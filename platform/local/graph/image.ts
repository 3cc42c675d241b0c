import { existsSync } from "node:fs";
import { join } from "node:path";

/**
 * What a service's image brings to its process, with paths of this machine: where its migrations and those of the kit are, which
 * lie beside its sources and not beside its bundle.
 */
export function imageEnvironment(projectDir: string, service: string): Readonly<Record<string, string>> {
  const own = join(projectDir, "services", service, "schema", "migrations");
  const kit = join(projectDir, "runtime", "service", "schema", "migrations");
  return existsSync(own) ? { KIT_MIGRATIONS_DIR: kit, MIGRATIONS_DIR: own } : {};
}
