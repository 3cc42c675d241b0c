import { gpuTiers } from "../../contracts/archetypes";
import { InputError } from "../../contracts/input-error";
import type { Container, DeclaredService } from "./graph/tasks";

/** What of the platform runs. */
export interface Selection {
  readonly services: readonly DeclaredService[];
  readonly tiers: boolean;
}

/** The name under which `--only` asks for the GPU tiers. */
export const tiersPart = "tiers";

/**
 * The parts that `--only` names; all of them where it names none.
 * @throws InputError for a name that is no part, and for one that cannot run without another.
 */
export function selectParts(services: readonly DeclaredService[], only: readonly string[]): Selection {
  if (only.length === 0) return { services, tiers: true };
  const names = services.map(({ name }) => name);
  const unknown = only.find((name) => name !== tiersPart && !names.includes(name));
  if (unknown !== undefined) {
    throw new InputError({
      path: "only",
      given: unknown,
      allowed: `${tiersPart} (${gpuTiers.join(" and ")}), ${names.join(", ")}`,
      where: "--only",
    });
  }
  const lone = services.find(({ name, main }) => only.includes(name) && usesTiers(main));
  if (lone !== undefined && !only.includes(tiersPart)) {
    throw new InputError({
      path: "only",
      given: only.join(","),
      allowed: `${lone.name} together with ${tiersPart}, which it sends requests to`,
      where: "--only",
    });
  }
  return { services: services.filter(({ name }) => only.includes(name)), tiers: only.includes(tiersPart) };
}

const usesTiers = ({ environment }: Container): boolean => environment.some(({ name }) => name === "GOLD_URL");
