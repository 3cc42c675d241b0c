import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** Small programs whose states, and previews of changes, the real Pulumi CLI wrote with stand-in providers. */
export const deployedPrograms = join(__dirname, "fixtures", "deployed");

export const programNames: readonly string[] = readdirSync(deployedPrograms).sort();

/**
 * Programs whose states the stand-ins here do not give again: one imports a resource, of which a stand-in cannot know the inputs;
 * the other is a part of a larger stack, deployed with the real awsx provider, which no stand-in gives.
 */
export const notRepeatable: readonly string[] = ["options", "network"];

/** The changes that the program `changes` can make of itself, one by one. */
export const changes = [
  "add",
  "remove",
  "rename without alias",
  "rename with alias",
  "type of instance",
  "engine upgrade",
  "tag",
  "moved parent",
  "protected replaced",
  "secret changed",
  "provider region",
  "asset changed",
  "archive changed",
  "list reordered",
  "set reordered",
  "network replaced",
  "generated name",
  "trigger changed",
] as const;

export const stateFile = (program: string): string => join(deployedPrograms, program, "state.json");

/** What the real CLI's preview said of a change. */
export const previewFile = (change: string): string =>
  join(deployedPrograms, "changes", "previews", `${change.replaceAll(" ", "-")}.json`);

/** The stack that a program's state is of. */
export const stackOf = (program: string): string =>
  existsSync(join(deployedPrograms, program, "Pulumi.dev.yaml")) ? "dev" : "test";

interface Digest {
  readonly steps?: readonly DigestStep[];
  readonly diagnostics?: readonly { readonly urn?: string; readonly severity: string }[];
  readonly changeSummary: Readonly<Record<string, number>>;
}

interface DigestStep {
  readonly op: string;
  readonly urn: string;
  readonly diffReasons?: readonly string[];
  readonly replaceReasons?: readonly string[];
  readonly detailedDiff?: unknown;
  readonly oldState?: { readonly inputs?: unknown };
  readonly newState?: { readonly inputs?: unknown };
}

/** What two previews must agree in: every step that is a change, in an order of its own, and the count of all. */
export function changesIn(digest: unknown): unknown {
  const { steps = [], diagnostics = [], changeSummary } = digest as Digest;
  const changed = steps.filter(({ op }) => op !== "same");
  return JSON.parse(
    JSON.stringify({
      steps: changed
        .map(({ op, urn, diffReasons, replaceReasons, detailedDiff, oldState, newState }) => ({
          ...{ op, urn, diffReasons: diffReasons && [...diffReasons].sort() },
          ...{ replaceReasons: replaceReasons && [...replaceReasons].sort(), detailedDiff },
          ...{ old: oldState?.inputs, new: newState?.inputs },
        }))
        .sort((a, b) => (a.urn < b.urn ? -1 : 1)),
      errors: diagnostics.flatMap(({ urn, severity }) => (severity === "error" && urn !== undefined ? [urn] : [])),
      changeSummary,
    }),
  );
}

const notKept = ["created", "modified", "stackTrace", "sourcePosition"];
const uuid = /[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/;

/** A state file without times, places, ciphertexts and the random ids of providers: equal for two runs of one program. */
export function repeatable(exported: string): unknown {
  const { version, deployment } = JSON.parse(exported) as {
    version: number;
    deployment: { resources: Record<string, unknown>[] };
  };
  const resources = deployment.resources.map((resource) =>
    Object.fromEntries(Object.entries(resource).filter(([key]) => !notKept.includes(key))),
  );
  let text = JSON.stringify({ version, deployment: { resources: inOrder(resources) } });
  const providers = resources
    .filter(({ type }) => String(type).startsWith("pulumi:providers:"))
    .sort((a, b) => (String(a.urn) < String(b.urn) ? -1 : 1));
  for (const [at, { id }] of providers.entries()) {
    if (uuid.test(String(id)))
      text = text.replaceAll(String(id), `00000000-0000-4000-8000-${String(at).padStart(12, "0")}`);
  }
  return JSON.parse(text.replaceAll(/"ciphertext":"[^"]*"/g, '"ciphertext":"not kept"'));
}

/** The root first, then by URN: the engine writes resources as they are done. */
function inOrder(resources: readonly Record<string, unknown>[]): Record<string, unknown>[] {
  const [root, ...rest] = resources;
  const sorted = (list: unknown): unknown => (Array.isArray(list) ? [...list].sort() : list);
  const tidy = (resource: Record<string, unknown>): Record<string, unknown> => ({
    ...resource,
    ...(resource.dependencies === undefined ? {} : { dependencies: sorted(resource.dependencies) }),
  });
  return [root!, ...rest.sort((a, b) => (String(a.urn) < String(b.urn) ? -1 : 1))].map(tidy);
}
