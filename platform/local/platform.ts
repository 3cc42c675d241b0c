import { readdirSync } from "node:fs";
import { join } from "node:path";
import type { Evaluation } from "../engine";
import { ensureDatabases } from "./attach";
import { type Bundle, ensureBundles } from "./bundles";
import { startConsole } from "./console/console";
import { startEdge } from "./edge";
import { evaluateLocal, hasProgram } from "./graph/evaluate-local";
import { Graph } from "./graph/graph";
import { imageEnvironment } from "./graph/image";
import { declaredEdge, listeners } from "./graph/routes";
import { type DeclaredService, declaredServices } from "./graph/tasks";
import { type LocalTiers, nodePrograms, withoutTiers } from "./local-tiers";
import { localIssuer } from "./players/issuer";
import type { Ports } from "./ports";
import { AddressBook } from "./realise/addresses";
import { type DatabasePlace, embedsDatabase, type LocalDatabase } from "./realise/database-environment";
import { realisedOutputs, secretValues, tierAt } from "./realise/realisers";
import { LocalSecrets } from "./realise/secrets";
import { ChangeFeed } from "./run/change-feed";
import { Closing } from "./run/closing";
import { DatabaseServer, databaseNameOf, ownersOf } from "./run/database-server";
import { startLocalEvents } from "./run/local-events";
import { LocalPlatform } from "./run/local-platform";
import { LocalServices } from "./run/services";
import { embedderOf, forgetStories, ingestSamples, knowledgeBase } from "./run/story-memory";
import { takeAlong } from "./run/take-along";
import { type Selection, selectParts } from "./selection";
import type { Steps } from "./terminal/steps";
import type { ScalingPace } from "./tiers/group";
import { startTiers } from "./tiers/tiers";

/** How the platform is brought up on this machine. */
export interface LocalOptions {
  readonly projectDir: string;
  readonly stack: string;
  /** Where databases, secrets and the toy models are kept. */
  readonly dataDir: string;
  readonly ports: Ports;
  /** Parts to run; none named is all. */
  readonly only: readonly string[];
  readonly database: LocalDatabase;
  readonly pace: ScalingPace;
  readonly steps: Steps;
  /** GGUF file that the nodes serve, on one node for all tiers. @default the toy, on a node for each */
  readonly model?: string;
}

/** What is known before anything runs. */
interface Preparation {
  readonly evaluation: Evaluation;
  readonly graph: Graph;
  readonly declared: readonly DeclaredService[];
  readonly bundles: ReadonlyMap<string, Bundle>;
  readonly selection: Selection;
}

/**
 * Evaluates the stack and brings it up here. Resolves when everything that is realised answers.
 * @param signal Ends it half-way.
 * @throws InputError, EvaluationError or Error with one line; nothing is left running then.
 */
export async function startLocalPlatform(options: LocalOptions, signal: AbortSignal): Promise<LocalPlatform> {
  const closing = new Closing(signal);
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
  aborted.catch(() => undefined);
  const work = bringUp(options, signal, closing);
  try {
    return await Promise.race([work, aborted]);
  } catch (error) {
    await closing.closeAll();
    // What was on its way when it was cut off ends as soon as it stands.
    await work.catch(() => undefined);
    await closing.closeAll();
    throw error;
  }
}

async function bringUp(options: LocalOptions, signal: AbortSignal, closing: Closing): Promise<LocalPlatform> {
  const { projectDir, stack, dataDir, ports, database, pace, steps } = options;
  const startedAt = Date.now();
  const feed = new ChangeFeed();
  const { evaluation, graph, declared, bundles, selection } = await prepare(options, signal);
  signal.throwIfAborted();
  if (database.kind === "attached") await ensureDatabases(database, selection.services);

  const edge = declaredEdge(graph);
  const edgePort = await ports.next("the edge");
  const consolePort = await ports.next("the console");
  const issuer = await localIssuer(`http://127.0.0.1:${consolePort}`);
  const servicePorts = new Map<string, number>();
  for (const { name, port } of declared) if (port !== undefined) servicePorts.set(name, await ports.next(name));
  const secrets = new LocalSecrets(join(dataDir, "secrets.json"));
  const place = await databasePlace(database, secrets, ports);
  const databaseUp = startDatabase(place, selection, feed, steps, closing);
  // Its failure is heard below, where services wait for it.
  databaseUp.catch(() => undefined);

  const tiers = selection.tiers
    ? await startTiers({
        graph,
        bundles,
        projectDir,
        ports,
        pace,
        closing,
        ...(options.model !== undefined && { model: options.model }),
        onChange: feed.changed,
        say: (line) => steps.say(line),
      })
    : withoutTiers;
  closing.push(() => tiers.stop());
  const events = await startLocalEvents(graph, await ports.next("events"), regionOf(evaluation));
  closing.push(() => events.close());
  const addresses = addressBook(graph, declared, servicePorts, tiers, edgePort);
  const outputs = realisedOutputs({
    graph,
    secrets,
    addresses,
    databaseHost: database.kind === "attached" ? database.host : undefined,
    events: events.outputsOf,
    groupName: (group) => tiers.states().find(({ tier }) => group.name.includes(tier))?.group,
  });
  const values = secretValues(graph, outputs);
  secrets.save();
  steps.begin(1, "aws:secretsmanager:Secret", `${values.size} secrets`).done(join(dataDir, "secrets.json"));

  const services = new LocalServices({
    services: selection.services,
    ports: servicePorts,
    bundles,
    images: new Map(declared.map(({ name }) => [name, imageEnvironment(projectDir, name)])),
    sources: {
      outputs,
      secrets: values,
      addresses,
      database: place,
      awsEndpoint: tiers.awsEndpoint,
      players: issuer.variables,
      eventsEndpoint: events.url,
    },
    databaseOf: async (name) => ownersOf(selection.services).some((owner) => owner.name === name) && databaseUp,
    prepare: bringDatabaseOfBefore,
    onRecovered: (name) => {
      if (name === knowledgeBase) forgetStories(secrets);
    },
    onChange: feed.changed,
    steps,
  });
  closing.push(() => services.stop());
  const running = new Set(selection.services.map(({ name }) => name));
  const queues = `${events.queues.length} queues of the emulator`;
  steps.begin(1, "aws:sns:Topic", "events").done(`${events.url}, ${queues}`);
  const localEdge =
    edge && (await startEdge(edge, edgePort, (name) => (running.has(name) ? servicePorts.get(name) : undefined)));
  if (edge && localEdge) {
    closing.push(() => localEdge.close(0));
    const rules = edge.routes.length;
    steps.begin(1, "aws:lb:LoadBalancer", edge.loadBalancer.name).done(`${localEdge.url}, ${rules} rules`);
  }
  let server: DatabaseServer | undefined;
  const platform = new LocalPlatform({
    stack,
    startedAt,
    evaluation,
    database,
    secrets,
    services,
    tiers,
    edge: localEdge && { ...localEdge, routes: edge!.routes },
    feed,
    events,
    databaseServer: () => server,
  });
  const page = await startConsole(platform, { port: consolePort, routes: issuer.routes });
  closing.push(() => page.close());
  platform.console = page;
  steps.begin(1, "console", "page").done(page.url);
  const serverUp = databaseUp.then((started) => {
    server = started;
  });
  await Promise.all([serverUp, services.start(), tiersUp(tiers, steps)]);
  const url = platform.urlOf(knowledgeBase);
  if (url !== undefined && running.has(knowledgeBase)) await bringSamples(services, secrets, url, steps);
  platform.becomeReady();
  return platform;

  async function bringDatabaseOfBefore(name: string): Promise<void> {
    const owner = ownersOf(selection.services).find((service) => service.name === name);
    const address = owner && (await databaseUp)?.address;
    if (owner === undefined || address === undefined) return;
    const taken = await takeAlong(dataDir, name, address, databaseNameOf(owner)!);
    if (taken !== undefined) steps.say(taken);
  }
}

const regionOf = ({ config }: Evaluation): string => config["aws:region"] ?? "us-east-1";

async function databasePlace(database: LocalDatabase, secrets: LocalSecrets, ports: Ports): Promise<DatabasePlace> {
  if (database.kind === "attached") return database;
  const passwordOf = (service: string) => secrets.value(`local:database-password:${service}`, 32);
  return { ...database, port: await ports.next("the database"), passwordOf };
}

/** The platform's own PostgreSQL, where a service runs that uses it. */
async function startDatabase(
  place: DatabasePlace,
  { services }: Selection,
  feed: ChangeFeed,
  steps: Steps,
  closing: Closing,
): Promise<DatabaseServer | undefined> {
  const step = steps.begin(1, "aws:rds:Instance", "database");
  if (place.kind === "attached") {
    step.done(`PostgreSQL at ${place.host}:${place.port}`);
    return undefined;
  }
  const embedding = services.filter(({ name, stub }) => !stub && embedsDatabase(name)).map(({ name }) => name);
  const owners = ownersOf(services);
  try {
    const server = owners.length === 0 ? undefined : await DatabaseServer.start(place, services, feed.changed, closing);
    const own = server && `PostgreSQL at ${server.address.host}:${server.address.port}`;
    const embedded = embedding.length > 0 && `embedded in ${embedding.join(", ")}`;
    step.done([own, embedded].filter(Boolean).join("; ") || "no service here uses it");
    return server;
  } catch (error) {
    step.fail();
    throw error;
  }
}

/** Evaluates the stack and builds the programs at the same time. A part that the stack does not have ends both. */
async function prepare({ projectDir, stack, only, steps }: LocalOptions, signal: AbortSignal): Promise<Preparation> {
  const programs = readdirSync(join(projectDir, "services")).filter((name) => hasProgram(projectDir, name));
  const step = steps.begin(0, "pulumi:pulumi:Stack", `game-ai-platform-${stack}`);
  const refused = new AbortController();
  try {
    const evaluated = evaluateLocal(projectDir, stack, programs).then((evaluation) => {
      const graph = new Graph(evaluation);
      const declared = declaredServices(graph);
      return { evaluation, graph, declared, selection: selectParts(declared, only) };
    });
    const building = AbortSignal.any([signal, refused.signal]);
    const [parts, { bundles, built }] = await Promise.all([
      evaluated,
      ensureBundles(projectDir, [...programs, ...nodePrograms], building),
    ]);
    const resources = parts.evaluation.resources.length;
    step.done(`${resources} resources evaluated, ${built.length} of ${bundles.size} programs built`);
    return { ...parts, bundles };
  } catch (error) {
    refused.abort();
    step.fail();
    throw error;
  }
}

/** Service Connect's names, the tiers' listeners and the edge, as they answer here. */
function addressBook(
  graph: Graph,
  declared: readonly DeclaredService[],
  servicePorts: ReadonlyMap<string, number>,
  { urls }: LocalTiers,
  edgePort: number,
): AddressBook {
  const book = new AddressBook();
  for (const { name, aliases } of declared) {
    for (const { host, port } of aliases) book.add(host, port, servicePorts.get(name)!);
  }
  for (const { loadBalancer, port } of listeners(graph)) {
    const tier = tierAt(port);
    const url = tier && urls[tier];
    if (loadBalancer.inputs.internal === false) book.add(loadBalancer.name, port, edgePort);
    else if (url !== undefined) book.add(loadBalancer.name, port, Number(new URL(url).port));
  }
  return book;
}

async function tiersUp(tiers: LocalTiers, steps: Steps): Promise<void> {
  const rows = tiers
    .states()
    .map(({ tier, group }) => ({ tier, step: steps.begin(1, "aws:autoscaling:Group", group) }));
  try {
    await tiers.ready();
  } catch (error) {
    for (const { step } of rows) step.fail();
    throw error;
  }
  for (const { tier, step } of rows) {
    const { url, nodes } = tiers.states().find((state) => state.tier === tier)!;
    step.done(`${url}, ${nodes.length} node of simulated GPUs and ${tiers.model ?? "a toy model"}`);
  }
}

async function bringSamples(services: LocalServices, secrets: LocalSecrets, url: string, steps: Steps): Promise<void> {
  const step = steps.begin(2, "kb ingest", "samples");
  try {
    const samples = (await ingestSamples(services, secrets, url)) ?? "there from before";
    step.done(`${samples}; embedder ${await embedderOf(url)}`);
  } catch (error) {
    step.fail();
    throw error;
  }
}
