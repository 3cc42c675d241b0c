/** Hours of history that a forecast needs at least, and looks back at most. Source: predictive scaling, EC2 Auto Scaling. */
const leastHours = 24;
const mostHours = 14 * 24;

/**
 * A stand-in for the model of AWS, which is not published: the forecast of an hour is the mean of the same hour of the same
 * weekday over the last 14 days, or of the same hour of day while a week is not yet known. It is the seasonal-naive method.
 */
export class SeasonalNaiveForecast {
  /** Mean load of each hour that is over. */
  readonly #hours: number[] = [];
  #sum = 0;
  #count = 0;

  /** Takes the load of one step. */
  add(load: number): void {
    this.#sum += load;
    this.#count++;
  }

  /** Ends an hour. */
  closeHour(): void {
    this.#hours.push(this.#count === 0 ? 0 : this.#sum / this.#count);
    this.#sum = 0;
    this.#count = 0;
  }

  /** Load of an hour of the run (0 for the first); undefined while less than a day is known. */
  forecast(hour: number): number | undefined {
    const known = this.#hours.length;
    if (known < leastHours) return undefined;
    return this.#mean(hour, 168) ?? this.#mean(hour, 24);
  }

  #mean(hour: number, season: number): number | undefined {
    let sum = 0;
    let count = 0;
    const oldest = Math.max(0, this.#hours.length - mostHours);
    for (let past = hour - season; past >= oldest; past -= season) {
      if (past >= this.#hours.length) continue;
      sum += this.#hours[past]!;
      count++;
    }
    return count === 0 ? undefined : sum / count;
  }
}
