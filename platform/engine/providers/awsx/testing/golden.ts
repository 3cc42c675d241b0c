import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Case, Expanded } from "./graph";

/** What the provider's class does with one case: the line it refuses it with, or what it makes. */
export interface Known {
  readonly refusal?: string;
  readonly expanded?: Expanded;
}

const file = join(__dirname, "golden", "components.json");

export function readGolden(): Readonly<Record<string, Known>> {
  return JSON.parse(readFileSync(file, "utf8"));
}

/** One line for each child. */
export function writeGolden(cases: readonly Case[], known: (name: string) => Known): void {
  const entries = cases.map(({ name }) => {
    const { refusal, expanded } = known(name);
    if (expanded === undefined) return `${JSON.stringify(name)}: ${JSON.stringify({ refusal })}`;
    const { children, outputs, outputDependencies } = expanded;
    const lines = children.map((child) => `    ${JSON.stringify(child)}`);
    return `${JSON.stringify(name)}: {"expanded": {"children": [\n${lines.join(",\n")}\n  ],\n  "outputs": ${JSON.stringify(outputs)},\n  "outputDependencies": ${JSON.stringify(outputDependencies)}}}`;
  });
  writeFileSync(file, `{\n${entries.join(",\n")}\n}\n`);
}
