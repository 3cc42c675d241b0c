export interface Line {
  readonly op: "same" | "create" | "delete";
  readonly text: string;
}

/** The longest common subsequence of lines, kept; everything else deleted or created. Quadratic, so long ends are cut first. */
export function diffLines(old: readonly string[], next: readonly string[]): Line[] {
  let start = 0;
  while (start < old.length && start < next.length && old[start] === next[start]) start++;
  let end = 0;
  while (end < old.length - start && end < next.length - start && old.at(-1 - end) === next.at(-1 - end)) end++;
  const [a, b] = [old.slice(start, old.length - end), next.slice(start, next.length - end)];
  const same = (text: string) => ({ op: "same" as const, text });
  return [...old.slice(0, start).map(same), ...diffMiddle(a, b), ...old.slice(old.length - end).map(same)];
}

function diffMiddle(a: readonly string[], b: readonly string[]): Line[] {
  const removed = a.map((text) => ({ op: "delete" as const, text }));
  const added = b.map((text) => ({ op: "create" as const, text }));
  if (a.length * b.length > 4_000_000) return [...removed, ...added];
  const lengths = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      const row = lengths[i]!;
      row[j] = a[i] === b[j] ? lengths[i + 1]![j + 1]! + 1 : Math.max(lengths[i + 1]![j]!, row[j + 1]!);
    }
  }
  const lines: Line[] = [];
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (a[i] === b[j]) {
      lines.push({ op: "same", text: a[i]! });
      i++;
      j++;
    } else if (lengths[i + 1]![j]! >= lengths[i]![j + 1]!) lines.push(removed[i++]!);
    else lines.push(added[j++]!);
  }
  return [...lines, ...removed.slice(i), ...added.slice(j)];
}
