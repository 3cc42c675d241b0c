import type { Imds } from "../../../runtime/imds";
import type { Logger } from "../../../runtime/logger";

/** Who the node is. */
export interface Identity {
  readonly instanceId: string;
  readonly region: string;
  readonly autoScalingGroup: string;
}

export interface InstanceOptions {
  readonly imds: Imds;
  readonly log: Logger;
  /** What is given by option and need not be asked for. */
  readonly known: Partial<Identity>;
  /** True where the lifecycle state is taken to be InService without asking. */
  readonly assumeInService: boolean;
  readonly onLifecycle: (state: string | undefined) => void;
  /** Milliseconds between two looks at the lifecycle state. @default 2000 */
  readonly pollMs?: number;
}

/** Tag that Auto Scaling puts on its instances. */
export const autoScalingGroupTag = "aws:autoscaling:groupName";

/**
 * Finds out who the node is and watches its lifecycle state, both from instance metadata, version 2. Metadata that is slow or
 * away is asked again without end; a state that was read once holds until another is read, since an outage of the metadata
 * service says nothing of the node.
 */
export class Instance {
  identity: Identity | undefined;
  private timer: NodeJS.Timeout | undefined;
  private stopped = false;
  private complained = false;
  /** Milliseconds between two looks while metadata does not answer; doubles up to 30 s. */
  private wait: number;
  private readonly pollMs: number;

  constructor(private readonly options: InstanceOptions) {
    this.pollMs = options.pollMs ?? 2000;
    this.wait = this.pollMs;
    this.identity = complete(options.known);
  }

  start(): void {
    if (this.options.assumeInService) this.options.onLifecycle("InService");
    void this.look();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    this.options.imds.close();
  }

  private async look(): Promise<void> {
    try {
      if (this.identity === undefined) await this.identify();
      if (!this.options.assumeInService) {
        const state = await this.options.imds.targetLifecycleState();
        if (!this.stopped) this.options.onLifecycle(state);
      }
      if (this.complained) this.options.log.info("instance metadata answers again");
      this.complained = false;
      this.wait = this.pollMs;
    } catch (error) {
      if (!this.complained && !this.stopped) {
        this.options.log.warn({ reason: (error as Error).message }, "instance metadata does not answer; asking again");
      }
      this.complained = true;
      this.wait = Math.min(30_000, this.wait * 2);
    }
    const done = this.options.assumeInService && this.identity !== undefined;
    if (this.stopped || done) return;
    this.timer = setTimeout(() => void this.look(), this.wait);
    this.timer.unref();
  }

  private async identify(): Promise<void> {
    const { imds, known, log } = this.options;
    const document = await imds.identity();
    const autoScalingGroup = known.autoScalingGroup ?? (await imds.tag(autoScalingGroupTag));
    if (autoScalingGroup === undefined) {
      throw new Error(
        `the tag ${autoScalingGroupTag} is not in instance metadata: allow tags in metadata, or give --auto-scaling-group`,
      );
    }
    this.identity = {
      instanceId: known.instanceId ?? document.instanceId,
      region: known.region ?? document.region,
      autoScalingGroup,
    };
    log.info(this.identity, "identity known");
  }
}

function complete(known: Partial<Identity>): Identity | undefined {
  const { instanceId, region, autoScalingGroup } = known;
  if (autoScalingGroup === undefined || region === undefined) return undefined;
  return instanceId === undefined ? undefined : { instanceId, region, autoScalingGroup };
}
