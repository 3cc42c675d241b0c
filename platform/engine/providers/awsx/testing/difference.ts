import { isDeepStrictEqual } from "node:util";
import type { Expanded } from "./graph";

/** Where an expansion differs from the provider's, in a few lines; nothing when it does not. */
export function difference(real: Expanded, given: Expanded): string | undefined {
  const ours = withOutputsOf(real, given);
  const lines: string[] = [];
  const say = (what: string, theirs: unknown, own: unknown): void => {
    if (isDeepStrictEqual(theirs, own)) return;
    lines.push(`  ${what}\n    the provider: ${JSON.stringify(theirs)}\n    here:         ${JSON.stringify(own)}`);
  };
  say(
    "resources",
    real.children.map(({ resource }) => resource),
    ours.children.map(({ resource }) => resource),
  );
  if (lines.length === 0) {
    for (const [index, child] of real.children.entries()) say(child.resource, child, ours.children[index]);
  }
  say("outputs", real.outputs, ours.outputs);
  say("what outputs depend on", real.outputDependencies, ours.outputDependencies);
  return lines.length === 0 ? undefined : lines.slice(0, 4).join("\n");
}

/** The SDK's class shows a component's inputs among its outputs; the provider's class does not. */
function withOutputsOf(real: Expanded, { outputs, outputDependencies, ...ours }: Expanded): Expanded {
  const names = Object.keys(real.outputs);
  const only = <T>(map: Readonly<Record<string, T>>): Record<string, T> =>
    Object.fromEntries(Object.entries(map).filter(([key]) => names.includes(key)));
  return { ...ours, outputs: only(outputs), outputDependencies: only(outputDependencies) };
}
