import { adapterNamesOf, type Registry } from "../../../contracts/archetypes";
import type { Evaluation } from "../../engine";
import type { LocalConsole } from "../console/console";
import type { LocalEdge } from "../edge";
import type { Route } from "../graph/routes";
import { type LocalTiers, nodePrograms } from "../local-tiers";
import { embedsDatabase, type LocalDatabase } from "../realise/database-environment";
import { notRealised } from "../realise/not-realised";
import { realisers } from "../realise/realisers";
import type { LocalSecrets } from "../realise/secrets";
import type { ChatChunk, ChatTurn, LocalControl, LocalState, ServiceState } from "../state";
import type { ChangeFeed } from "./change-feed";
import { keepCopy } from "./database-recovery";
import { type DatabaseServer, databaseName } from "./database-server";
import { PlayerLoad } from "./load";
import type { LocalEvents } from "./local-events";
import type { LocalServices } from "./services";
import { knowledgeBase } from "./story-memory";
import { askTurn } from "./turns";
import { watchSources } from "./watch";

/** Everything that runs, as the bring-up has made it. */
export interface PlatformParts {
  readonly stack: string;
  readonly startedAt: number;
  readonly evaluation: Evaluation;
  readonly database: LocalDatabase;
  readonly secrets: LocalSecrets;
  readonly services: LocalServices;
  readonly tiers: LocalTiers;
  readonly edge?: LocalEdge & { readonly routes: readonly Route[] };
  readonly feed: ChangeFeed;
  readonly events: LocalEvents;
  /** The platform's own PostgreSQL, once it runs. */
  readonly databaseServer: () => DatabaseServer | undefined;
}

/** Longest that answers under way may take once the platform stops, in milliseconds. */
const drainMs = 7000;

/** The service that answers turns. */
export const router = "ai-router";

/** The running platform: what it shows of itself, what may be asked of it, and its end. */
export class LocalPlatform implements LocalControl {
  /** The console page, once it listens; shows how the rest comes up, and is the last to stop. */
  console: LocalConsole | undefined;
  readonly #load: PlayerLoad;
  readonly #notRealised: LocalState["notRealised"];
  #ready = false;
  #stopped: Promise<void> | undefined;

  constructor(readonly parts: PlatformParts) {
    const models = adapterNamesOf(parts.tiers.registry);
    this.#load = new PlayerLoad((turn, signal) => this.chat(turn, signal), parts.feed.changed, models);
    this.#notRealised = notRealised(parts.evaluation, new Set(Object.keys(realisers)));
  }

  /** Says that everything answers. */
  becomeReady(): void {
    this.#ready = true;
    this.parts.feed.changed();
  }

  state(): LocalState {
    const { stack, startedAt, services, tiers } = this.parts;
    return {
      stack,
      startedAt,
      ready: this.#ready,
      services: [...services.states(), ...this.#embedded()],
      tiers: tiers.states(),
      decisions: tiers.decisions().slice(-500),
      notRealised: this.#notRealised,
      load: this.#load.state(),
    };
  }

  get model(): string | undefined {
    return this.parts.tiers.model;
  }

  registry(): Registry {
    return this.parts.tiers.registry;
  }

  onChange(listener: () => void): () => void {
    return this.parts.feed.listen(listener);
  }

  logs(name: string): readonly string[] {
    const { services, tiers } = this.parts;
    if (name === databaseName) return this.parts.databaseServer()?.logs() ?? [];
    return services.logs(name) ?? tiers.logs(name) ?? [];
  }

  setPlayers(players: number): void {
    this.#load.setPlayers(players);
  }

  async search(query: string): Promise<{ readonly status: number; readonly body: unknown }> {
    const url = this.urlOf(knowledgeBase);
    if (url === undefined) return { status: 503, body: { detail: `${knowledgeBase} does not run here` } };
    const response = await fetch(`${url}/search/semantic`, {
      method: "POST",
      headers: { "content-type": "application/json", "x-api-key": this.memoryKey() ?? "" },
      body: JSON.stringify({ query }),
      signal: AbortSignal.timeout(30_000),
    });
    return { status: response.status, body: (await response.json()) as unknown };
  }

  async *chat(turn: ChatTurn, signal: AbortSignal): AsyncIterable<ChatChunk> {
    const { edge } = this.parts;
    if (edge === undefined) {
      yield { error: "the stack has no public edge", status: 503 };
      return;
    }
    yield* askTurn({ url: edge.url, key: this.routerKey() ?? "" }, turn, signal);
  }

  /** Where a service listens; undefined for one that does not run here. */
  urlOf(service: string): string | undefined {
    return this.parts.services.states().find(({ name }) => name === service)?.url;
  }

  /** The key that the knowledge base asks its callers for. */
  memoryKey(): string | undefined {
    return this.parts.services.secretOf(knowledgeBase, "API_KEY");
  }

  /** The key that the router asks its callers for. */
  routerKey(): string | undefined {
    return this.parts.services.secretOf(router, "API_KEY");
  }

  /** Starts a program again when its source changes, until it is closed. @param say Takes one line each time. */
  watch(projectDir: string, say: (line: string) => void): { close(): void } {
    const { services, tiers } = this.parts;
    const own = services.declared().filter(({ stub }) => !stub);
    const onNodes = tiers.states().length === 0 ? [] : nodePrograms;
    const programs = [...own.map(({ name }) => name), ...onNodes];
    const restart = (program: string) =>
      onNodes.includes(program) ? tiers.restart(program) : services.restart(program);
    return watchSources({ projectDir, programs, restart, say });
  }

  /** Lets answers end, then ends everything; keeps a copy of each database that was closed in order. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stop();
    return this.#stopped;
  }

  async #stop(): Promise<void> {
    const { edge, services, tiers, feed, database } = this.parts;
    this.#load.setPlayers(0);
    const embedding = services.databaseOwners().filter(embedsDatabase);
    await Promise.all([edge?.close(drainMs), services.stop(), tiers.stop()]);
    await Promise.all([this.parts.databaseServer()?.stop(), this.parts.events.close()]);
    await this.console?.close();
    feed.end();
    if (database.kind === "own") for (const name of embedding) keepCopy(database.dataDir, name);
  }

  /** Parts of the platform that are no service: those that live in its own process, and the database. */
  #embedded(): ServiceState[] {
    const { edge, tiers, events } = this.parts;
    const server = this.parts.databaseServer();
    const always = { kind: "embedded", status: "healthy", restarts: 0 } as const;
    return [
      ...(server === undefined ? [] : [server.state()]),
      { ...always, name: "events", summary: "SNS and SQS of the emulator fauxqs, in memory", url: events.url },
      ...(edge === undefined
        ? []
        : [{ ...always, name: "edge", summary: "the public load balancer's rules, on loopback", url: edge.url }]),
      ...(tiers.states().length === 0
        ? []
        : [{ ...always, name: "cloudwatch", summary: "takes PutMetricData in its place", url: tiers.awsEndpoint }]),
    ];
  }
}
