import type { Block } from "./blocks";

/** Whether a text has anything that a search could find it by. */
export const hasWords = (text: string): boolean => /[\p{L}\p{N}]/u.test(text);

const collapsed = (parts: readonly string[]) =>
  parts
    .join("")
    .replace(/[ \t\n\f\r]+/g, " ")
    .trim();

interface Heading {
  readonly depth: number;
  readonly text: string;
  /** Whether some block stands under it, which then carries its words. */
  used: boolean;
}

/** Collects shown text into blocks under their headings, told what opens and closes. */
export class BlockCollector {
  readonly #blocks: Block[] = [];
  #headings: Heading[] = [];
  /** Lines of the open block, and what the line in progress has so far. */
  #lines: string[] = [];
  #line: string[] = [];
  /** What the next line of a list's item begins with. */
  #marker = "";
  #heading: number | undefined;
  #firstHeading: string | undefined;
  #pre = false;
  #tables = 0;
  #rows: string[][] = [];
  #cell = false;

  text(words: string): void {
    this.#line.push(words);
  }

  /** Words that touch neither the ones before nor the ones after: an image's alternative text. */
  apart(words: string): void {
    this.#line.push(" ", words, " ");
  }

  lineBreak(): void {
    if (this.#pre) this.#line.push("\n");
    else this.#endLine();
  }

  /** The edge of a block element; inside a list, a table or a heading it ends a line, elsewhere a block. */
  boundary(listDepth: number): void {
    if (listDepth > 0 || this.#heading !== undefined || this.#tables > 0) this.lineBreak();
    else this.#flush();
  }

  openItem(listDepth: number): void {
    if (this.#tables > 0) {
      this.lineBreak();
      return;
    }
    if (listDepth <= 1) this.#flush();
    else this.#endLine();
    this.#marker = `${"  ".repeat(Math.max(0, Math.min(listDepth, 10) - 1))}- `;
  }

  openHeading(depth: number): void {
    if (this.#tables > 0) {
      this.lineBreak();
      return;
    }
    this.closeHeading();
    this.#flush();
    this.#heading = depth;
  }

  closeHeading(): void {
    const depth = this.#heading;
    if (depth === undefined) return;
    this.#endLine();
    const text = this.#lines.join(" ");
    this.#lines = [];
    this.#heading = undefined;
    this.#leave(depth);
    if (!hasWords(text)) return;
    this.#firstHeading ??= text;
    this.#headings.push({ depth, text, used: false });
  }

  get firstHeading(): string | undefined {
    return this.#firstHeading;
  }

  openPre(): void {
    if (this.#tables > 0 || this.#heading !== undefined) {
      this.lineBreak();
      return;
    }
    this.closePre();
    this.#flush();
    this.#pre = true;
  }

  closePre(): void {
    if (!this.#pre) return;
    this.#pre = false;
    const code = this.#line.join("").replace(/^\n/, "").replace(/\n$/, "");
    this.#line = [];
    this.#add(`\`\`\`\n${code}\n\`\`\``, true);
  }

  /** A table in a table's cell is text of that cell. */
  openTable(): void {
    if (this.#tables === 0) {
      this.closePre();
      this.closeHeading();
      this.#flush();
    } else this.lineBreak();
    this.#tables += 1;
  }

  openRow(): void {
    if (this.#tables !== 1) {
      this.lineBreak();
      return;
    }
    this.closeCell();
    this.#rows.push([]);
  }

  openCell(): void {
    if (this.#tables !== 1) {
      this.lineBreak();
      return;
    }
    this.closeCell();
    if (this.#rows.length === 0) this.#rows.push([]);
    this.#cell = true;
  }

  closeCell(): void {
    if (this.#tables !== 1) {
      this.lineBreak();
      return;
    }
    this.#endLine();
    const text = this.#lines.join(" ");
    this.#lines = [];
    if (this.#cell) this.#rows.at(-1)?.push(text);
    // A caption, or text that stands between cells.
    else this.#add(text, false);
    this.#cell = false;
  }

  closeTable(): void {
    if (this.#tables > 1) this.lineBreak();
    if (this.#tables === 1) {
      this.closeCell();
      this.#addTable();
    }
    this.#tables = Math.max(0, this.#tables - 1);
  }

  /** Ends what is open. @returns The blocks in order */
  finish(): readonly Block[] {
    while (this.#tables > 0) this.closeTable();
    this.closePre();
    this.closeHeading();
    this.#flush();
    this.#leave(0);
    return this.#blocks;
  }

  #addTable(): void {
    const [head, ...rest] = this.#rows
      .filter((cells) => cells.length > 0)
      .map((cells) => ({ size: cells.length, line: `| ${cells.join(" | ")} |` }));
    this.#rows = [];
    if (head === undefined) return;
    const lines = [head.line, `|${" --- |".repeat(head.size)}`, ...rest.map(({ line }) => line)];
    this.#add(lines.join("\n"), true);
  }

  #endLine(): void {
    const text = this.#pre ? this.#line.join("") : collapsed(this.#line);
    this.#line = [];
    if (text === "") return;
    this.#lines.push(`${this.#marker}${text}`);
    this.#marker = "";
  }

  #flush(): void {
    if (this.#pre) {
      this.closePre();
      return;
    }
    this.#endLine();
    const text = this.#lines.join("\n");
    this.#lines = [];
    this.#marker = "";
    this.#add(text, false);
  }

  #add(text: string, whole: boolean): void {
    if (!hasWords(text)) return;
    for (const heading of this.#headings) heading.used = true;
    this.#blocks.push({ headings: this.#headings.map((heading) => heading.text), text, whole });
  }

  /** Leaves the headings from a depth on. One that nothing stands under becomes a block itself, or its words were lost. */
  #leave(depth: number): void {
    for (;;) {
      const last = this.#headings.at(-1);
      if (last === undefined || last.depth < depth) return;
      this.#headings.pop();
      if (!last.used) this.#add(last.text, false);
    }
  }
}
