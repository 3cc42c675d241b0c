import type { Comparison, MissingData } from "./plan";

export type AlarmState = "OK" | "ALARM" | "INSUFFICIENT_DATA";

/** Datapoints beyond the evaluation periods that CloudWatch looks back at when some are missing. */
const extraRange = 2;

const breaches: Readonly<Record<Comparison, (value: number, threshold: number) => boolean>> = {
  GreaterThanThreshold: (value, threshold) => value > threshold,
  GreaterThanOrEqualToThreshold: (value, threshold) => value >= threshold,
  LessThanThreshold: (value, threshold) => value < threshold,
  LessThanOrEqualToThreshold: (value, threshold) => value <= threshold,
};

export interface AlarmOptions {
  readonly comparison: Comparison;
  readonly threshold: number;
  /** N: datapoints looked at. */
  readonly evaluationPeriods: number;
  /** M of N. @default evaluationPeriods */
  readonly datapointsToAlarm?: number;
  /** @default missing */
  readonly treatMissingData?: MissingData;
}

/**
 * A CloudWatch alarm. It looks at the newest N real datapoints within a range slightly longer than N; only where there are
 * fewer than N does the treatment of missing data matter (CloudWatch User Guide, "Configuring how alarms treat missing data").
 */
export class Alarm {
  state: AlarmState = "INSUFFICIENT_DATA";
  readonly #breaches: (value: number, threshold: number) => boolean;
  readonly #threshold: number;
  readonly #periods: number;
  readonly #needed: number;
  readonly #treat: MissingData;
  /** The last range of datapoints: 1 breaching, 0 not, -1 missing. */
  readonly #range: Int8Array;
  #cursor = 0;
  #missing: number;
  #breaching = 0;
  /** Breaching datapoints since the last one that did not breach, missing ones left out. */
  #run = 0;

  constructor(options: AlarmOptions) {
    this.#breaches = breaches[options.comparison];
    this.#threshold = options.threshold;
    this.#periods = options.evaluationPeriods;
    this.#needed = options.datapointsToAlarm ?? options.evaluationPeriods;
    this.#treat = options.treatMissingData ?? "missing";
    this.#range = new Int8Array(this.#periods + extraRange).fill(-1);
    this.#missing = this.#range.length;
  }

  /** Takes the next datapoint (NaN when missing) and returns the new state. */
  observe(value: number): AlarmState {
    const mark = Number.isNaN(value) ? -1 : this.#breaches(value, this.#threshold) ? 1 : 0;
    const old = this.#range[this.#cursor]!;
    this.#range[this.#cursor] = mark;
    this.#cursor = this.#cursor + 1 === this.#range.length ? 0 : this.#cursor + 1;
    if (old === -1) this.#missing--;
    else if (old === 1) this.#breaching--;
    if (mark === -1) this.#missing++;
    else if (mark === 1) {
      this.#breaching++;
      this.#run++;
    } else this.#run = 0;
    this.state = this.#evaluate();
    return this.state;
  }

  #evaluate(): AlarmState {
    const real = this.#range.length - this.#missing;
    const breaching = this.#breachingOfNewest(Math.min(real, this.#periods));
    if (real >= this.#periods) return breaching >= this.#needed ? "ALARM" : "OK";
    const filled = this.#periods - real;
    switch (this.#treat) {
      case "ignore":
        return this.state;
      case "breaching":
        return breaching + filled >= this.#needed ? "ALARM" : "OK";
      case "notBreaching":
        return breaching >= this.#needed ? "ALARM" : "OK";
      case "missing":
        if (real === 0) return "INSUFFICIENT_DATA";
        return breaching === real && this.#oldestAge() >= this.#needed ? "ALARM" : "OK";
    }
  }

  /** How many periods ago the oldest real datapoint of the range is: a single new breach is too young for an alarm. */
  #oldestAge(): number {
    const length = this.#range.length;
    for (let age = length; age > 0; age--) {
      if (this.#range[(this.#cursor - age + length) % length] !== -1) return age;
    }
    return 0;
  }

  /** How many of the newest real datapoints breach. */
  #breachingOfNewest(count: number): number {
    if (this.#needed === this.#periods) return this.#run >= count ? count : Math.min(this.#run, count);
    if (this.#missing + count === this.#range.length) return this.#breaching;
    let breaching = 0;
    for (let back = 1, seen = 0; seen < count; back++) {
      const mark = this.#range[(this.#cursor - back + 2 * this.#range.length) % this.#range.length]!;
      if (mark === -1) continue;
      seen++;
      breaching += mark;
    }
    return breaching;
  }
}
