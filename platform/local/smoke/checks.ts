import { setTimeout as delay } from "node:timers/promises";
import type { GpuTier } from "../../../contracts/archetypes";
import { sampleQuestion } from "../endpoints";
import { type LocalPlatform, router } from "../run/local-platform";
import { knowledgeBase } from "../run/story-memory";
import { askTurn } from "../run/turns";
import { isLoopbackAddress, listeningSockets, showsSockets } from "./listening";
import { descendants } from "./process-tree";

/** One thing that a person would try. */
export interface Check {
  readonly name: string;
  /** Resolves with what came back, in a few words. @throws Error with what was wrong. */
  run(): Promise<string>;
}

/** A request may take this long; what comes in periods may take three of them. */
const requestMs = 20_000;
const metricsMs = 45_000;

/** A check for everything that runs: each service and its route, the memory, the router, each tier, and its metrics. */
export function checksOf(platform: LocalPlatform): Check[] {
  const consoleUrl = platform.console?.url;
  return [
    ...healthChecks(platform),
    ...edgeChecks(platform),
    ...memoryChecks(platform),
    ...routerChecks(platform),
    ...tierChecks(platform),
    ...(showsSockets() ? [{ name: onLoopback, run: socketsCheck }] : []),
    ...(consoleUrl === undefined ? [] : [{ name: "console page", run: () => consoleCheck(consoleUrl) }]),
  ];
}

/** Checks that this system does not allow, each with the reason. */
export function skippedChecks(): { readonly name: string; readonly reason: string }[] {
  return showsSockets()
    ? []
    : [{ name: onLoopback, reason: `${process.platform} does not show the sockets of processes` }];
}

const onLoopback = "every listening socket is on loopback";

/** Looks at this process and everything below it. */
async function socketsCheck(): Promise<string> {
  const all = [{ pid: process.pid, name: "platform" }, ...descendants(process.pid)];
  const sockets = listeningSockets(all.map(({ pid }) => pid));
  const open = sockets.filter(({ address }) => !isLoopbackAddress(address));
  const nameOf = (of: number) => all.find(({ pid }) => pid === of)!.name;
  if (open.length > 0) {
    throw new Error(open.map(({ pid, address, port }) => `${nameOf(pid)} (${pid}) at ${address}:${port}`).join(", "));
  }
  return `${sockets.length} sockets of ${new Set(sockets.map(({ pid }) => pid)).size} processes`;
}

function healthChecks({ parts }: LocalPlatform): Check[] {
  return parts.services.declared().map(({ name, healthPath, stub }) => ({
    name: stub ? `the stub of ${name} answers` : `${name} is healthy`,
    run: async () => {
      const state = parts.services.states().find((each) => each.name === name)!;
      if (state.url === undefined || healthPath === undefined) {
        if (state.status !== "healthy") throw new Error(`it is ${state.status}`);
        return `${state.kind}, no listener`;
      }
      const response = await fetch(`${state.url}${healthPath}`, { signal: AbortSignal.timeout(requestMs) });
      if (!response.ok) throw new Error(`${healthPath} answered ${response.status}`);
      return `${state.kind}, ${healthPath} ${response.status}`;
    },
  }));
}

function edgeChecks({ parts }: LocalPlatform): Check[] {
  const { edge, services } = parts;
  if (edge === undefined) return [];
  const here = edge.routes.filter(({ service }) => services.declared().some(({ name }) => name === service));
  const ask = (path: string) => fetch(`${edge.url}${path}`, { signal: AbortSignal.timeout(requestMs) });
  return [
    ...here.map(({ service, paths }) => ({
      name: `edge ${paths[0]} reaches ${service}`,
      run: async () => {
        const path = paths[0]!.replaceAll("*", "smoke").replaceAll("?", "x");
        const response = await ask(path);
        const body = await response.text();
        if (response.status >= 502) throw new Error(`${path} answered ${response.status}: ${body.slice(0, 200)}`);
        const stub = services.declared().find(({ name }) => name === service)!.stub;
        if (stub && !body.includes(`"service":"${service}"`))
          throw new Error(`another one answered: ${body.slice(0, 200)}`);
        return `${path} ${response.status}${stub ? ", its stub" : ""}`;
      },
    })),
    {
      name: "edge answers what no rule names",
      run: async () => {
        const { status } = await ask("/nothing-here");
        if (status !== 404) throw new Error(`answered ${status}`);
        return "404";
      },
    },
  ];
}

function memoryChecks(platform: LocalPlatform): Check[] {
  if (!runs(platform, knowledgeBase)) return [];
  return [
    {
      name: `search: ${sampleQuestion}`,
      run: async () => {
        const { status, body } = await platform.search(sampleQuestion);
        const [first] = (body as { hits?: { title: string; heading: string }[] }).hits ?? [];
        if (first?.title !== "The northern gate") {
          throw new Error(`answered ${status}, first hit ${first?.title ?? "none"}`);
        }
        return first.heading;
      },
    },
  ];
}

function routerChecks(platform: LocalPlatform): Check[] {
  const { edge } = platform.parts;
  if (edge === undefined || !runs(platform, router)) return [];
  return [...platform.registry().archetypes.keys()].map((archetype) => ({
    name: `router streams a turn of ${archetype}`,
    run: () => streamed(edge.url, platform.routerKey() ?? "", archetype),
  }));
}

function tierChecks({ parts: { tiers } }: LocalPlatform): Check[] {
  return (Object.entries(tiers.urls) as [GpuTier, string][]).flatMap(([tier, url]) => [
    {
      name: `${tier} streams from an inference host`,
      run: () => streamed(url, "", [...tiers.registry.archetypes.keys()][0]!),
    },
    {
      name: `metrics of ${tier} arrive`,
      run: async () => {
        const until = Date.now() + metricsMs;
        for (;;) {
          const state = tiers.states().find((each) => each.tier === tier);
          if (state === undefined) return "another tier's node answers for it";
          const { policies } = state;
          const seen = policies.filter(({ points }) => points.some(({ value }) => value !== null));
          if (seen.length > 0) return seen.map(({ metric }) => metric).join(", ");
          if (Date.now() > until) throw new Error(`no datapoint within ${metricsMs / 1000} s`);
          await delay(250);
        }
      },
    },
  ]);
}

async function streamed(url: string, key: string, archetype: string): Promise<string> {
  const model = `${archetype}/dialogue_style`;
  const turn = { model, messages: [{ role: "user", content: "Who are you?" }] } as const;
  let text = "";
  let by = "";
  for await (const chunk of askTurn({ url, key }, turn, AbortSignal.timeout(requestMs))) {
    if ("error" in chunk) throw new Error(`${chunk.status}: ${chunk.error}`);
    if ("tier" in chunk) by = chunk.model;
    else text += chunk.text;
  }
  if (text === "") throw new Error("the stream held no text");
  return `${by}: ${text.slice(0, 60)}`;
}

async function consoleCheck(url: string): Promise<string> {
  const response = await fetch(url, { signal: AbortSignal.timeout(requestMs) });
  if (!response.ok) throw new Error(`answered ${response.status}`);
  return `${response.status} ${response.headers.get("content-type")}`;
}

/** Whether a service runs here with its own code. */
function runs({ parts }: LocalPlatform, service: string): boolean {
  return parts.services.declared().some(({ name, stub }) => name === service && !stub);
}
