import { productRegistry, type Registry } from "../../../contracts/archetypes";
import { InputError } from "../../../contracts/input-error";
import type { ChatChunk, ChatTurn, LocalControl, LocalDecision, LocalState, PolicyState, TierState } from "../state";

const second = 1000;
/** Age of the double's platform when a test begins, in milliseconds. */
const age = 12 * 60 * second;

/** Stands in for the running platform in tests of the console: nothing runs behind it, and a test says what happens. */
export class LocalControlDouble implements LocalControl {
  readonly #listeners = new Set<() => void>();
  #state: LocalState = stateOf(Date.now());
  /** Signals of the turns that were asked for, in order. */
  readonly turns: { readonly turn: ChatTurn; readonly signal: AbortSignal }[] = [];
  readonly questions: string[] = [];
  /** What a turn answers with; a chunk is handed on as it comes. */
  answer: (turn: ChatTurn, signal: AbortSignal) => AsyncIterable<ChatChunk> = wordByWord;
  found: { status: number; body: unknown } = { status: 200, body: { hits } };

  get listeners(): number {
    return this.#listeners.size;
  }

  state(): LocalState {
    return this.#state;
  }

  registry(): Registry {
    return productRegistry;
  }

  /** Replaces parts of the state, as the platform would, and tells who listens. */
  change(parts: Partial<LocalState>): void {
    this.#state = { ...this.#state, ...parts };
    for (const listener of this.#listeners) listener();
  }

  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  logs(name: string): readonly string[] {
    return Array.from({ length: 60 }, (_, line) => `${name}: line ${line} <b>as it was written</b>`);
  }

  setPlayers(players: number): void {
    if (!Number.isInteger(players) || players < 0 || players > 200) {
      throw new InputError({ path: "players", given: players, allowed: "a whole number from 0 to 200" });
    }
    this.change({ load: { ...this.#state.load, players } });
  }

  async search(query: string): Promise<{ status: number; body: unknown }> {
    this.questions.push(query);
    return this.found;
  }

  chat(turn: ChatTurn, signal: AbortSignal): AsyncIterable<ChatChunk> {
    this.turns.push({ turn, signal });
    return this.answer(turn, signal);
  }
}

async function* wordByWord({ model }: ChatTurn): AsyncIterable<ChatChunk> {
  yield { tier: "gold", model };
  for (const text of ["I ", "keep ", "the ", "<i>gate</i>."]) yield { text };
}

const hits = [
  {
    kind: "document",
    title: "The Northern Gate",
    heading: "The watch",
    file: "01-the-northern-gate.md",
    source: "samples",
    match: 0.83,
    highlight: {
      text: "Nobody guards the northern gate but Varn, who has not slept <script>since</script> the first siege.",
      marks: [
        [7, 13],
        [18, 26],
        [27, 31],
      ],
    },
  },
  {
    kind: "document",
    title: "The Hollow Court",
    heading: "",
    file: "02-the-hollow-court.md",
    source: "samples",
    match: 0.41,
    highlight: { text: "The court sends its guards north each winter.", marks: [[20, 26]] },
  },
];

/** A platform that has grown its gold tier from one node to three, seen at a time. */
export function stateOf(now: number): LocalState {
  const startedAt = now - age;
  return {
    stack: "dev",
    startedAt,
    ready: true,
    services: servicesOf(),
    tiers: [tierOf("gold", now), tierOf("silver", now)],
    decisions: decisionsOf(now),
    notRealised: [
      { type: "aws:ec2/securityGroup:SecurityGroup", count: 31, why: "one machine has no network of its own" },
      { type: "aws:iam/role:Role", count: 28, why: "processes run as you and take no role" },
      { type: "aws:sqs/queue:Queue", count: 6, why: "no light SQS comes from npm; services get no queue" },
    ],
    load: { players: 60, requestsPerSecond: 14.2, answered: 811, refused: 3, p95Ms: 412 },
  };
}

function servicesOf(): LocalState["services"] {
  const stubs = ["matchmaking", "inventory", "quest-engine", "world-state", "leaderboard", "telemetry"];
  return [
    {
      name: "knowledge-base",
      summary: "uses the database, calls nothing",
      kind: "program",
      status: "healthy",
      url: "http://127.0.0.1:7402",
      pid: 41_207,
      restarts: 0,
      memoryMiB: 311,
    },
    {
      name: "ai-router",
      summary: "calls knowledge-base, gold, silver",
      kind: "program",
      status: "restarting",
      url: "http://127.0.0.1:7403",
      pid: 41_230,
      restarts: 1,
      memoryMiB: 118,
    },
    ...stubs.map((name, index) => ({
      name,
      summary: "calls ai-router",
      kind: "stub" as const,
      status: "healthy" as const,
      url: `http://127.0.0.1:${7404 + index}`,
      pid: 41_191,
      restarts: 0,
    })),
    {
      name: "edge",
      summary: "the public load balancer's rules, on loopback",
      kind: "embedded",
      status: "healthy",
      url: "http://127.0.0.1:7400",
      restarts: 0,
    },
  ];
}

function tierOf(tier: "gold" | "silver", now: number): TierState {
  const busy = tier === "gold";
  const node = (id: string, lifecycle: TierState["nodes"][number]["lifecycle"], running: number, age: number) => ({
    id: `i-local${id}`,
    lifecycle,
    url: "http://127.0.0.1:15001",
    launchedAt: now - age * second,
    running,
    queued: running > 7 ? 3 : 0,
    memoryMiB: lifecycle === "Pending:Wait" ? 60 : 152,
  });
  return {
    tier,
    group: `gpu-${tier}-5f1c2a7`,
    url: `http://127.0.0.1:${busy ? 7426 : 7427}`,
    min: 1,
    max: 4,
    declaredMax: busy ? 50 : 30,
    desired: busy ? 3 : 1,
    nodes: busy
      ? [node("3f20a1", "InService", 8, 700), node("77b0c4", "InService", 6, 200), node("c91e5d", "Pending:Wait", 0, 8)]
      : [node("0ab431", "InService", 2, 700), node("d2c877", "Terminating:Wait", 1, 300)],
    policies: policiesOf(tier, busy, now),
  };
}

function policiesOf(tier: string, busy: boolean, now: number): PolicyState[] {
  const level = busy ? 1 : 0.5;
  const series = (value: (index: number) => number | null) =>
    Array.from({ length: 70 }, (_, index) => ({ at: now - (70 - index) * 10 * second, value: value(index) }));
  const wave = (index: number) => Math.sin(index / 7) + Math.sin(index / 2.3) / 3;
  return [
    {
      name: `gpu-${tier}-utilization`,
      kind: "target-tracking",
      metric: "GPUUtilization",
      unit: "Percent",
      target: 70,
      alarm: busy ? "ALARM" : "OK",
      points: series((index) => (index > 30 && index < 37 ? null : level * (25 + index * 0.7 + 8 * wave(index)))),
    },
    {
      name: `gpu-${tier}-memory-pressure`,
      kind: "target-tracking",
      metric: "GPUMemoryPressure",
      unit: "Percent",
      target: 75,
      alarm: "OK",
      points: series((index) => level * (20 + index * 0.4 + 5 * wave(index))),
    },
    {
      name: `gpu-${tier}-queue-depth`,
      kind: "target-tracking",
      metric: "QueueDepth",
      unit: "Count",
      target: 4,
      alarm: "OK",
      points: series((index) => Math.max(0, level * (index / 20 + wave(index)))),
    },
    {
      name: `gpu-${tier}-wake`,
      kind: "step",
      metric: "WaitingRequests",
      unit: "Count",
      target: 0,
      alarm: "INSUFFICIENT_DATA",
      points: [],
    },
  ];
}

function decisionsOf(now: number): LocalDecision[] {
  const note = "GPUUtilization 93.1 above 70: ceil(2 nodes x 93.1 / 70) = 3";
  const decision = (age: number, tier: "gold" | "silver", kind: string, from: number, to: number, note: string) => ({
    at: now - age * second,
    tier,
    kind,
    from,
    to,
    note,
  });
  return [
    decision(400, "silver", "scale-out", 1, 2, "QueueDepth 6.2 above 4: ceil(1 node x 6.2 / 4) = 2"),
    decision(300, "silver", "launch", 2, 2, "i-locald2c877"),
    decision(210, "gold", "scale-out", 1, 2, "GPUUtilization 88.0 above 70: ceil(1 node x 88.0 / 70) = 2"),
    decision(200, "gold", "launch", 2, 2, "i-local77b0c4"),
    decision(176, "gold", "in-service", 2, 2, "i-local77b0c4 answers after 24 s"),
    decision(60, "silver", "scale-in", 2, 1, "GPUUtilization 21.4 below 63 for 15 datapoints"),
    decision(59, "silver", "drain", 1, 1, "i-locald2c877 takes no more requests; 1 runs"),
    decision(9, "gold", "scale-out", 2, 3, note),
    decision(8, "gold", "launch", 3, 3, "i-localc91e5d"),
  ];
}
