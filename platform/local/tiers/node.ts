import { randomBytes } from "node:crypto";
import { inferenceSeries } from "../../../contracts/inference-metrics";
import { lifecycleHooks } from "../../../contracts/node";
import { describeInstance, type ImdsDouble, startImdsDouble } from "../../../runtime/imds-double";
import { parsePrometheus } from "../../../runtime/prometheus";
import { ManagedProcess } from "../processes/managed-process";
import { loopback } from "../realise/addresses";
import { programEnvironment } from "../realise/program-environment";
import type { Lifecycle, NodeState } from "../state";
import type { AutoScalingCall } from "./aws-endpoint";

/** What every node of a group is made of. */
export interface NodeParts {
  readonly group: string;
  /** Variables that the launch template's user data sets. */
  readonly environment: Readonly<Record<string, string>>;
  /** Bundled programs. */
  readonly inferenceHost: string;
  readonly gpuMetrics: string;
  /** In the place of CloudWatch and Auto Scaling. */
  readonly awsEndpoint: string;
  /** Folder that the toy model is kept below. */
  readonly cwd: string;
  readonly freePort: () => Promise<number>;
  readonly onChange: () => void;
  readonly say: (line: string) => void;
}

/** Tokens a second that load a simulated GPU fully: some forty simulated players do. */
export const simulatedTokensPerSecond = 60;
/** Seconds that a program may take to end once it was asked to; it has drained before. */
const stopSeconds = 6;
/** A GPU node: instance metadata, an inference host on the toy model, and a metrics agent on a simulated GPU. */
export class LocalNode {
  readonly id = `i-local${randomBytes(5).toString("hex")}`;
  readonly launchedAt = Date.now();
  /** Seconds on the group's clock at which it came into service. */
  inServiceAt = Number.POSITIVE_INFINITY;
  port = 0;
  #lifecycle: Lifecycle = "Pending";
  #imds: ImdsDouble | undefined;
  #host: ManagedProcess | undefined;
  #metrics: ManagedProcess | undefined;
  #running = 0;
  #queued = 0;
  readonly #waiting = new Map<string, () => void>();

  constructor(private readonly parts: NodeParts) {}

  get lifecycle(): Lifecycle {
    return this.#lifecycle;
  }

  /** True while it counts to the group's capacity. */
  get active(): boolean {
    return this.#lifecycle.startsWith("Pending") || this.#lifecycle === "InService";
  }

  become(lifecycle: Lifecycle): void {
    this.#lifecycle = lifecycle;
    this.parts.onChange();
  }

  /**
   * Starts its programs. Resolves when the host has completed the launch hook, which it does once its model has answered.
   * @throws Error with one line where a program ends before that.
   */
  async launch(): Promise<void> {
    const { group, freePort } = this.parts;
    this.#imds = await startImdsDouble();
    describeInstance(this.#imds, { instanceId: this.id, autoScalingGroup: group, lifecycleState: "InService" });
    this.port = await freePort();
    this.become("Pending:Wait");
    const launched = this.#completed(lifecycleHooks.launch);
    this.#host = this.#program(
      "inference-host",
      this.parts.inferenceHost,
      [],
      {
        ...loopback,
        PORT: String(this.port),
        INFERENCE_HOST_OPERATOR_PORT: "0",
        // The toy needs no more, and simulated players share the machine with many nodes.
        ...(this.parts.environment.INFERENCE_HOST_MODEL === undefined && { INFERENCE_HOST_THREADS: "1" }),
      },
      `http://127.0.0.1:${this.port}/health`,
    );
    this.#metrics = this.#program("gpu-metrics", this.parts.gpuMetrics, [], {
      GPU_METRICS_SOURCE: "simulated",
      GPU_METRICS_SIMULATED_TOKENS_PER_SECOND: String(simulatedTokensPerSecond),
      GPU_METRICS_INFERENCE_URL: `http://127.0.0.1:${this.port}/metrics`,
      PORT: "none",
      GPU_METRICS_KERNEL_LOG: "none",
    });
    await Promise.all([launched, this.#host.start(), this.#metrics.start()]);
    this.become("Pending:Proceed");
  }

  /** Lets it end what it has, at most for the hook's time, and ends its programs. */
  async terminate(drainSeconds: number): Promise<void> {
    if (this.#lifecycle === "InService") {
      this.become("Terminating:Wait");
      this.#imds?.values.set("meta-data/autoscaling/target-lifecycle-state", "Terminated");
      let timer: NodeJS.Timeout | undefined;
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, drainSeconds * 1000);
      });
      await Promise.race([this.#completed(lifecycleHooks.terminate), late]);
      clearTimeout(timer);
    }
    this.become("Terminating:Proceed");
    await this.stop();
    this.become("Terminated");
  }

  /** Ends its programs at once; they let answers under way end. */
  async stop(): Promise<void> {
    await Promise.all([this.#host?.stop(), this.#metrics?.stop()]);
    await this.#imds?.close();
    this.#imds = undefined;
  }

  /** Ends a program and starts it with what its bundle holds now, as its unit would. */
  async restart(program: string): Promise<void> {
    const managed = program === "inference-host" ? this.#host : this.#metrics;
    await managed?.stop();
    await managed?.start();
  }

  /** Takes a call of the Auto Scaling API about this node; false where nothing waits for it. */
  called({ action, hook }: AutoScalingCall): boolean {
    if (action !== "CompleteLifecycleAction") return this.#waiting.has(hook ?? "");
    const resolve = this.#waiting.get(hook ?? "");
    this.#waiting.delete(hook ?? "");
    resolve?.();
    return resolve !== undefined;
  }

  logs(): readonly string[] {
    return [this.#host, this.#metrics].flatMap((each) => each?.logs() ?? []);
  }

  /** Reads what runs and waits from the host's own metrics. */
  async look(): Promise<void> {
    if (this.#lifecycle !== "InService" && this.#lifecycle !== "Terminating:Wait") return;
    const text = await fetch(`http://127.0.0.1:${this.port}/metrics`, { signal: AbortSignal.timeout(1_000) }).then(
      (response) => response.text(),
      () => undefined,
    );
    if (text === undefined) return;
    const read = new Map<string, number>();
    const wanted: readonly string[] = [inferenceSeries.running, inferenceSeries.queueDepth];
    for (const { name, value } of parsePrometheus(text, (series) => wanted.includes(series))) read.set(name, value);
    const [running, queued] = wanted.map((name) => read.get(name) ?? 0) as [number, number];
    if (running === this.#running && queued === this.#queued) return;
    [this.#running, this.#queued] = [running, queued];
    this.parts.onChange();
  }

  state(): NodeState {
    const memory = [this.#host, this.#metrics].map((each) => each?.memoryMiB() ?? 0);
    return {
      id: this.id,
      lifecycle: this.#lifecycle,
      url: this.port === 0 ? undefined : `http://127.0.0.1:${this.port}`,
      launchedAt: this.launchedAt,
      running: this.#running,
      queued: this.#queued,
      memoryMiB: memory.reduce((sum, each) => sum + each, 0),
    };
  }

  #completed(hook: string): Promise<void> {
    return new Promise((resolve) => this.#waiting.set(hook, resolve));
  }

  #program(
    program: string,
    file: string,
    words: readonly string[],
    own: Readonly<Record<string, string>>,
    health?: string,
  ): ManagedProcess {
    const { environment, awsEndpoint, cwd, onChange, say } = this.parts;
    const env = {
      ...programEnvironment(),
      ...environment,
      ...own,
      AWS_ACCESS_KEY_ID: "local",
      AWS_SECRET_ACCESS_KEY: "local",
      AWS_EC2_METADATA_SERVICE_ENDPOINT: this.#imds!.url,
      AWS_ENDPOINT_URL: awsEndpoint,
    };
    const managed = new ManagedProcess(
      {
        name: `${program} of ${this.id}`,
        command: [process.execPath, file, ...words],
        env,
        cwd,
        health: health === undefined ? undefined : { url: health },
        stopSeconds,
        restart: true,
      },
      onChange,
    );
    managed.onExit(({ line, asked, again }) => {
      if (!asked) say(again ? `${line}; it is started again` : line);
    });
    return managed;
  }
}
