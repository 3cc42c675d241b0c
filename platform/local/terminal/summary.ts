import type { Endpoint } from "../endpoints";
import type { MissingVariable } from "../realise/environment";
import type { LocalPlatform } from "../run/local-platform";
import type { ServiceState } from "../state";

/** What stands below the tree once everything is up: where it is, what to try, what is not here. */
export function summaryLines(platform: LocalPlatform, endpoints: readonly Endpoint[]): string[] {
  const { startedAt, notRealised } = platform.state();
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  const count = notRealised.reduce((sum, each) => sum + each.count, 0);
  return [
    "",
    `Up in ${seconds} s. Ctrl-C stops everything; \`npx platform down --local --purge\` also removes the data.`,
    "",
    ...endpoints.flatMap(({ name, url, curl }) => [`${name}: ${url}`, ...(curl === undefined ? [] : [`  ${curl}`])]),
    "",
    ...serviceLines(platform.parts.services.states()),
    ...missingLines(platform.parts.services.missing),
    `Not realised here: ${count} resources of ${notRealised.length} types, such as ${examples(notRealised)}.`,
    "`npx platform up --local --json` lists them with the reason of each.",
  ];
}

/** How many services run their own code, and how many are stubs, which are not counted as services that run. */
export function serviceLines(states: readonly Pick<ServiceState, "name" | "kind">[]): string[] {
  const named = (kind: ServiceState["kind"]) => states.filter((each) => each.kind === kind).map(({ name }) => name);
  const [programs, stubs] = [named("program"), named("stub")];
  if (stubs.length === 0) return [];
  const all = programs.length + stubs.length;
  return [
    `${programs.length} of ${all} services run their own code: ${programs.sort().join(", ") || "none"}. The other ${stubs.length} are stubs: they answer`,
    "their health path, and everything else with 501.",
  ];
}

/** Variables that only the cloud can fill, service by service. */
function missingLines(missing: readonly MissingVariable[]): string[] {
  return [...new Set(missing.map(({ service }) => service))].map((service) => {
    const own = missing.filter((each) => each.service === service);
    const list = own.map(({ variable, output }) => `${variable} (${output.name}.${output.output})`);
    return `Not set for ${service}, since nothing here stands for it: ${list.join(", ")}`;
  });
}

const examples = (types: readonly { readonly type: string; readonly count: number }[]): string =>
  types
    .slice(0, 3)
    .map(({ type, count }) => `${count} ${type.split(":").at(-1)}`)
    .join(", ");
