import { existsSync } from "node:fs";
import { join } from "node:path";
import { type GpuTier, gpuTiers } from "../../../contracts/archetypes";
import { sharedParameters } from "../../../contracts/shared-parameters";
import { type Evaluation, evaluate } from "../../engine";
import { readProject } from "../../engine/project";
import { standIn } from "../../engine/references";
import { readStackConfig } from "../../engine/stack-config";

/** What stands as the image of a service whose code is here; the program only asks whether there is one. */
const localImage = (service: string): string => `local/${service}`;

/** A start on a slow machine is slow, and ends when a person ends it: this only stops a program that never comes to its end. */
const patienceMs = 3_600_000;

/** Programs of this repository that run as services: those with an entry of their own. */
export function hasProgram(projectDir: string, service: string): boolean {
  return existsSync(join(projectDir, "services", service, "main.ts"));
}

/**
 * Evaluates a stack as this machine runs it: one node per GPU tier asked for, own code for the services whose code is here, the
 * stub for all others whatever image they have in the cloud.
 * @throws EvaluationError as `evaluate` does.
 */
export async function evaluateLocal(
  projectDir: string,
  stack: string,
  services: readonly string[],
): Promise<Evaluation> {
  const project = readProject(projectDir);
  const { values } = readStackConfig(project, stack);
  const key = (name: string): string => `${project.name}:${name}`;
  return evaluate({
    projectDir,
    stack,
    timeoutMs: patienceMs,
    outputs: "stand-in",
    parameters: Object.fromEntries(
      Object.values(sharedParameters).map((name) => [name, standIn(`aws:ssm/parameter:Parameter::${name}`, "value")]),
    ),
    config: {
      [key("services")]: JSON.stringify(localServices(read(values[key("services")]), services)),
      [key("gpu")]: JSON.stringify(localGpu(read(values[key("gpu")]))),
    },
  });
}

type Settings = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

const read = (text: string | undefined): Settings => (text === undefined ? {} : (JSON.parse(text) as Settings));

/** The stack's own settings, without images of code that is elsewhere and with one for each service whose code is here. */
export function localServices(configured: Settings, services: readonly string[]): Settings {
  const withoutImages = Object.entries(configured).map(([name, settings]) => {
    const { image, command, healthCommand, ...kept } = settings;
    return [name, services.includes(name) ? settings : kept];
  });
  const local = Object.fromEntries(withoutImages) as Settings;
  return {
    ...local,
    ...Object.fromEntries(services.map((name) => [name, { ...local[name], image: localImage(name) }])),
  };
}

/** The stack's own tiers, each with at least one node. */
export function localGpu(configured: Settings): Settings {
  return Object.fromEntries(
    Object.entries(configured).map(([key, settings]) => {
      if (!gpuTiers.includes(key as GpuTier)) return [key, settings];
      const min = Math.max(1, Number(settings.min));
      return [key, { ...settings, min, max: Math.max(min, Number(settings.max)) }];
    }),
  );
}
