/** How a process ended, in one line: with which code or signal, and the last thing that it wrote. */
export function describeEnd(name: string, how: string, lines: readonly string[]): string {
  const said = lastWords(lines);
  return `${name} ended with ${how}${said === undefined ? ", and wrote nothing" : `: ${said}`}`;
}

/** The line that tells why a program ended: of a crash of Node the error, of what else was written the last line. */
export function lastWords(lines: readonly string[]): string | undefined {
  const told = lines.filter(
    (line) => line.trim() !== "" && !/^(?:Node\.js v|\(Use `node --trace|\s+at |\s*\^|\s*[{}]$)/.test(line),
  );
  const error = lines.some((line) => line.startsWith("Node.js v"))
    ? told.findLast((line) => /^(?:Uncaught )?\w*(?:Error|Exception)\b.*:/.test(line))
    : undefined;
  const said = error ?? told.at(-1);
  return said === undefined ? undefined : plainMessage(said);
}

/** What a log line says: its message where it is JSON, as the programs here write, else the line. */
function plainMessage(line: string): string {
  const [, message] = /"msg":("(?:[^"\\]|\\.)*")/.exec(line) ?? [];
  return (message === undefined ? line : (JSON.parse(message) as string)).slice(0, 300);
}
