/** Hashes that change with every build say nothing to a reader beyond that they changed: cut to eight digits. */
export function foldHashes(text: string): string {
  return text.replace(/(sha256:[0-9a-f]{8})[0-9a-f]{56}/g, "$1...").replace(/\b([0-9a-f]{8})[0-9a-f]{32,}\b/g, "$1...");
}

/** Makes text safe inside a Markdown table cell: one line, no cell border, no HTML, link or image, no mention of a person. */
export function cell(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/\|/g, "&#124;")
    .replace(/\[/g, "&#91;")
    .replace(/@(?=\w)/g, "@&#8203;");
}

/** Code in a table cell; backticks and cell borders inside it are made harmless. */
export function code(text: string): string {
  return `\`${text.replace(/\s+/g, " ").replace(/`/g, "'").replace(/\\*\|/g, "\\|")}\``;
}

/** Cuts a text in its middle, and says so, so that it has at most `maximum` characters. */
export function clip(text: string, maximum: number): string {
  if (text.length <= maximum) return text;
  const mark = ` ... ${text.length - maximum} more characters ... `;
  const room = Math.max(0, maximum - mark.length - 2);
  return `${text.slice(0, Math.ceil(room / 2))}${mark}${text.slice(text.length - Math.floor(room / 2))}`;
}

/**
 * A fenced block whose content cannot end it.
 * @param language Of the highlighting, for example `diff`.
 */
export function fence(language: string, content: string): string {
  const longest = Math.max(2, ...[...content.matchAll(/`{3,}/g)].map(([ticks]) => ticks.length));
  const ticks = "`".repeat(longest + 1);
  return `${ticks}${language}\n${content.trimEnd()}\n${ticks}`;
}

/** Folded away under a line that says what it is. */
export function details(summary: string, content: string): string {
  return `<details><summary>${summary}</summary>\n\n${content}\n\n</details>`;
}

/** Cuts lines out of the middle so that the text fits, and says how many. */
export function truncateMiddle(text: string, maximum: number): string {
  if (text.length <= maximum) return text;
  const lines = text.split("\n");
  const room = Math.max(0, maximum - 60);
  const head: string[] = [];
  const tail: string[] = [];
  let used = 0;
  for (let [top, bottom] = [0, lines.length - 1]; top <= bottom; ) {
    const fromTop = head.length <= tail.length;
    const line = lines[fromTop ? top : bottom]!;
    if (used + line.length + 1 > room) break;
    used += line.length + 1;
    if (fromTop) {
      head.push(line);
      top += 1;
    } else {
      tail.unshift(line);
      bottom -= 1;
    }
  }
  const left = lines.length - head.length - tail.length;
  return [...head, `... ${left} line${left === 1 ? "" : "s"} left out ...`, ...tail].join("\n");
}

/** A table whose head stays when its rows are cut. */
export function table(head: readonly string[], rows: readonly string[], room: number): string {
  const top = head.join("\n");
  return `${top}\n${truncateMiddle(rows.join("\n"), Math.max(0, room - top.length - 1))}`;
}
