/** Seconds from a jump in demand until a node that is launched for it serves, as far as a trend is followed ahead. */
export const trendLeadSeconds = 300;
/** Seconds that the level is the mean of: long enough for chance to even out, short enough for a jump to be seen whole at once. */
const levelSeconds = 30;

/**
 * Requests of the last four minutes, window by window. The smallest of the last three minutes' growths counts as their trend, so that
 * neither chance nor a jump, which is over, is taken for one.
 */
class Recent {
  /** A ring of four minutes, its newest window before the cursor. */
  readonly #windows: Float64Array;
  readonly #perMinute: number;
  readonly #level: number;
  #cursor = 0;
  #seen = 0;
  /** Sums of the last half minute and of the last four minutes, the newest first. */
  #levelSum = 0;
  readonly #minutes = new Float64Array(4);

  constructor(seconds: number) {
    this.#perMinute = Math.max(1, Math.round(60 / seconds));
    this.#level = Math.max(1, Math.round(levelSeconds / seconds));
    this.#windows = new Float64Array(4 * this.#perMinute);
  }

  add(requests: number): void {
    const length = this.#windows.length;
    this.#levelSum += requests - this.#ago(this.#level);
    let entering = requests;
    for (let minute = 0; minute < 4; minute++) {
      const leaving = this.#ago((minute + 1) * this.#perMinute);
      this.#minutes[minute]! += entering - leaving;
      entering = leaving;
    }
    this.#windows[this.#cursor] = requests;
    this.#cursor = this.#cursor + 1 === length ? 0 : this.#cursor + 1;
    this.#seen = Math.min(length, this.#seen + 1);
  }

  /** Requests of a window, the mean of half a minute. */
  get level(): number {
    return this.#seen === 0 ? 0 : Math.max(0, this.#levelSum) / Math.min(this.#level, this.#seen);
  }

  /** Share by which a minute exceeds the one before; 0 without a trend upwards. */
  get growth(): number {
    if (this.#seen < this.#windows.length) return 0;
    const [a, b, c, d] = [this.#minutes[0]!, this.#minutes[1]!, this.#minutes[2]!, this.#minutes[3]!];
    const growth = Math.min(a - b, b - c, c - d);
    return growth <= 1e-9 ? 0 : growth / a;
  }

  /** The window so many before the one that is being added; 0 before the first. */
  #ago(age: number): number {
    if (age > this.#seen) return 0;
    const index = this.#cursor - age;
    return this.#windows[index < 0 ? index + this.#windows.length : index]!;
  }
}

/**
 * What tiers have to be ready for, from the requests that asked for them: the rate of the last half minute, or, where the rate grows,
 * where it will be by the time that a node asked for now can serve. Players come to all tiers at once, so a trend of all requests counts
 * for each tier, and so does one of its own: many requests show it before few do.
 */
export class DemandEstimator {
  readonly #tiers: readonly Recent[];
  readonly #all: Recent;
  #total = 0;

  /** @param tiers How many. @param seconds Length of a window; it divides a minute. */
  constructor(
    tiers: number,
    private readonly seconds: number,
  ) {
    this.#tiers = Array.from({ length: tiers }, () => new Recent(seconds));
    this.#all = new Recent(seconds);
  }

  /** Takes a tier's requests of a window. @returns Requests that the tier is to be ready for in a window. */
  add(tier: number, requests: number): number {
    const recent = this.#tiers[tier]!;
    recent.add(requests);
    this.#total += requests;
    // The level's middle is half of its length ago.
    const minutesAhead = (trendLeadSeconds + Math.max(levelSeconds, this.seconds) / 2) / 60;
    return recent.level * (1 + Math.max(recent.growth, this.#all.growth) * minutesAhead);
  }

  /** Ends a window, once every tier's requests are in. */
  close(): void {
    this.#all.add(this.#total);
    this.#total = 0;
  }
}
