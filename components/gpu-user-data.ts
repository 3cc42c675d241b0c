import { InputError } from "../contracts/input-error";
import { nodePaths } from "../contracts/node";

/** EC2's limit on user data before base64, bytes. Source: EC2 user guide, "Run commands when you launch an instance". */
export const userDataLimit = 16_384;

/** Values that need no quoting in an `EnvironmentFile`: systemd reads them as they stand. */
const plainValue = /^[A-Za-z0-9_.,:/@%+=-]*$/;
const variableName = /^[A-Z][A-Z0-9_]*$/;

/** The unit that the image's own units hang under; enabling it is all that a booting node has to do. */
export const nodeTarget = "game-ai-node.target";

/**
 * The user data of a GPU node: writes the node's settings and starts its units, nothing else, since everything is in the image.
 * It runs at the first boot only; the enabled target starts the units at every later one, as after a stop in a warm pool.
 * @throws InputError for a name or value that an environment file cannot hold, and for text above EC2's limit.
 */
export function gpuUserData(environment: Readonly<Record<string, string>>): string {
  const lines = Object.entries(environment)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => {
      checkEntry(name, value);
      return `${name}=${value}`;
    });
  const text = [
    "#!/bin/bash",
    "# Settings of this GPU node; what it runs is in its image.",
    "set -euo pipefail",
    `install -d -m 0755 ${nodePaths.environment.replace(/\/[^/]+$/, "")}`,
    `cat > ${nodePaths.environment} <<'GAME_AI_ENVIRONMENT'`,
    ...lines,
    "GAME_AI_ENVIRONMENT",
    `chmod 0644 ${nodePaths.environment}`,
    `systemctl enable --now --no-block ${nodeTarget}`,
    "",
  ].join("\n");
  const bytes = Buffer.byteLength(text);
  if (bytes <= userDataLimit) return text;
  throw new InputError({
    path: "user data",
    given: `${bytes} bytes`,
    allowed: `at most ${userDataLimit} bytes, EC2's limit`,
    where: "the settings of the GPU tier",
  });
}

function checkEntry(name: string, value: string): void {
  if (!variableName.test(name)) {
    throw new InputError({
      path: `environment.${name}`,
      given: name,
      allowed: `a name that matches ${variableName.source}`,
      where: "the node's environment",
    });
  }
  if (!plainValue.test(value)) {
    throw new InputError({
      path: `environment.${name}`,
      given: value,
      allowed: `characters that need no quoting: ${plainValue.source}`,
      where: "the node's environment",
    });
  }
}
