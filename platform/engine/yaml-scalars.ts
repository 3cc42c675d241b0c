/** What a scalar of a config file can be. An integer that a double cannot hold is a bigint. */
export type YamlScalar = null | boolean | number | bigint | string;

const words: ReadonlyMap<string, YamlScalar> = new Map<string, YamlScalar>([
  ...["", "~", "null", "Null", "NULL"].map((word): [string, null] => [word, null]),
  ...["true", "True", "TRUE"].map((word): [string, boolean] => [word, true]),
  ...["false", "False", "FALSE"].map((word): [string, boolean] => [word, false]),
  ...[".nan", ".NaN", ".NAN"].map((word): [string, number] => [word, Number.NaN]),
  ...[".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"].map((word): [string, number] => [
    word,
    Number.POSITIVE_INFINITY,
  ]),
  ...["-.inf", "-.Inf", "-.INF"].map((word): [string, number] => [word, Number.NEGATIVE_INFINITY]),
]);

/**
 * An unquoted scalar as the CLI reads it: `0123` is 83, `1_000` is 1000, `yes` is a text, `2024-01-02` is a time.
 * https://github.com/go-yaml/yaml/blob/v3/resolve.go
 */
export function resolvePlainScalar(text: string): YamlScalar {
  const word = words.get(text);
  if (word !== undefined) return word;
  if (!/^[-+.\d]/.test(text)) return text;
  if (text.startsWith(".")) return /^\.\d+([eE][-+]?\d+)?$/.test(text) ? finite(text) : text;
  const time = timeText(text);
  if (time !== undefined) return time;
  const plain = text.replaceAll("_", "");
  return (
    integer(plain) ?? (/^[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?$/.test(plain) ? finite(plain) : undefined) ?? text
  );
}

const finite = (text: string): number | string => (Number.isFinite(Number(text)) ? Number(text) : text);

const bases: readonly [RegExp, string][] = [
  [/^0[xX]([\da-fA-F]+)$/, "0x"],
  [/^0[bB]([01]+)$/, "0b"],
  [/^0[oO]?([0-7]+)$/, "0o"],
  [/^([1-9]\d*)$/, ""],
];

/** In 64 bits, signed, or unsigned when it has no sign. */
function integer(text: string): number | bigint | undefined {
  const [, sign = "", digits = ""] = /^([-+]?)(.*)$/.exec(text) ?? [];
  if (digits === "0") return 0;
  for (const [pattern, prefix] of bases) {
    const found = pattern.exec(digits);
    if (found === null) continue;
    const size = BigInt(prefix + found[1]);
    const value = sign === "-" ? -size : size;
    const limit = sign === "" ? 2n ** 64n : 2n ** 63n;
    if (value >= limit || value < -(2n ** 63n)) return undefined;
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
  return undefined;
}

const timeForm =
  /^(\d{4})-(\d{1,2})-(\d{1,2})(?:(?:[Tt](\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d+)?(Z|[-+]\d\d:\d\d))| (\d{1,2}):(\d{1,2}):(\d{1,2})(\.\d+)?)?$/;

/** A time as Go prints it; undefined for a text that is none. */
function timeText(text: string): string | undefined {
  const found = timeForm.exec(text);
  if (found === null) return undefined;
  const [, year, month, day] = found;
  const [hour = "0", minute = "0", second = "0", fraction = ""] =
    found[4] === undefined ? found.slice(9) : found.slice(4);
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  const exists = date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day);
  if (!exists || Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined;
  const two = (part: string | undefined): string => String(part).padStart(2, "0");
  const parts = fraction.slice(0, 10).replace(/\.?0*$/, "");
  const zone = found[8] === undefined || /^(Z|[-+]00:00)$/.test(found[8]) ? "+0000 UTC" : zoneText(found[8]);
  return `${year}-${two(month)}-${two(day)} ${two(hour)}:${two(minute)}:${two(second)}${parts} ${zone}`;
}

function zoneText(offset: string): string {
  const plain = offset.replace(":", "");
  return `${plain} ${plain}`;
}

/**
 * A value of a config file as JSON in Go's writing: keys sorted, and what could end a script escaped.
 * @throws Error for a number that JSON does not have.
 */
export function goJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(goJson).join(",")}]`;
  if (typeof value === "object" && value !== null) {
    const byKey = Object.entries(value).sort(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return `{${byKey.map(([key, item]) => `${goJson(key)}:${goJson(item)}`).join(",")}}`;
  }
  if (typeof value === "bigint") return String(Number(value));
  if (typeof value === "number" && !Number.isFinite(value)) throw new Error(`${value} is not a number that JSON has`);
  return JSON.stringify(value ?? null).replace(
    /[<>&\u2028\u2029]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
