/** A place inside a property value. */
export type Path = readonly (string | number)[];

/** Writes a path as Pulumi does: `a.b[0]["k.ey"]`. */
export function formatPath(path: Path): string {
  return path.reduce<string>((text, part) => {
    if (typeof part === "number") return `${text}[${part}]`;
    if (part === "" || /[."[\]]/.test(part)) return `${text}["${part.replaceAll('"', '\\"')}"]`;
    return text === "" ? part : `${text}.${part}`;
  }, "");
}

/**
 * Reads a path as Pulumi writes it; `[*]` and a lone `*` stand for any key or index and are returned as `"*"`.
 * Text that is no path is taken as one key.
 */
export function parsePath(text: string): Path {
  const parts: (string | number)[] = [];
  const token = /\.?([^.[\]]+)|\[(\d+)\]|\["((?:[^"\\]|\\.)*)"\]|\[\*\]/y;
  while (token.lastIndex < text.length) {
    const match = token.exec(text);
    if (match === null) return [text];
    const [, key, index, quoted] = match;
    if (index !== undefined) parts.push(Number(index));
    else if (quoted !== undefined) parts.push(quoted.replaceAll('\\"', '"'));
    else parts.push(key ?? "*");
  }
  return parts;
}

/** True when `pattern` names `path`, something above it, or something below it. */
export function touches(pattern: Path, path: Path): boolean {
  const shared = Math.min(pattern.length, path.length);
  return matchesPrefix(pattern.slice(0, shared), path);
}

/** True when `pattern` names `path` or something above it. */
export function contains(pattern: Path, path: Path): boolean {
  return pattern.length <= path.length && matchesPrefix(pattern, path);
}

function matchesPrefix(pattern: Path, path: Path): boolean {
  return pattern.every((part, at) => part === "*" || part === path[at]);
}
