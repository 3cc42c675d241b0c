/** The last lines of an output, at most as many as asked for. */
export class LineBuffer {
  readonly #kept: string[] = [];

  /** @param most Lines kept. */
  constructor(private readonly most: number) {}

  add(line: string): void {
    this.#kept.push(line.length > 4000 ? `${line.slice(0, 4000)}...` : line);
    if (this.#kept.length > this.most) this.#kept.shift();
  }

  /** Oldest first. */
  lines(): readonly string[] {
    return [...this.#kept];
  }
}
