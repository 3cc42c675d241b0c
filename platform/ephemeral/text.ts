import { dollars } from "../pricing/render";
import { quotaFacts } from "./cloud/quotas";
import type { StackRecord } from "./decisions";
import { isGone, type Removed } from "./down";
import { describeRest, formatTtl, type Ttl } from "./lifetime";
import type { LifePreview } from "./preview";
import type { ReapReport } from "./reap";
import type { Sweep } from "./sweep";

// What the commands print for a person.

/** The cost of a whole life in one line, such as `8h: $3.10`. */
export function costLine({ cost, review }: LifePreview, ttl: Ttl): string {
  const unpriced = review.bill.after.unpriced.length;
  const monthly = dollars(review.bill.after.total.expected);
  return `${ttl === "never" ? "a month" : formatTtl(ttl)}: ${dollars(cost.usd)} expected (${monthly} a month${unpriced === 0 ? "" : `, ${unpriced} resources without a price`})`;
}

/** A preview without its plan. */
export function previewText(preview: LifePreview, name: string, ttl: Ttl): string {
  const asks = preview.demands.map(({ code, asks: amount }) => `${amount} ${quotaFacts[code].what}`);
  const { introduced } = preview.review.findings;
  return [
    `${name} until ${preview.expiresAt}`,
    `  cost   ${costLine(preview, ttl)}`,
    `  asks   ${asks.join(", ") || "nothing of the account's quotas"}`,
    `  rules  ${introduced.filter(({ status }) => status === "violated").length} broken, ${preview.serious.length} of them critical or high`,
    ...preview.serious.map(({ rule, message, urn }) => `         ${rule}: ${message} (${urn.split("::").at(-1)})`),
    "",
  ].join("\n");
}

export function listText(stacks: readonly StackRecord[], now: Date): string {
  if (stacks.length === 0) return "No ephemeral stack.\n";
  const rows = stacks.map(({ name, owner, resources, expiresAt, lastUpdate }) => [
    name,
    describeRest(expiresAt, now),
    expiresAt ?? "-",
    String(resources),
    owner ?? "-",
    lastUpdate ?? "never up",
  ]);
  return `${columns([["STACK", "LIFE", "EXPIRES", "RESOURCES", "OWNER", "LAST UPDATE"], ...rows])}\n`;
}

export function removedText(removed: Removed): string {
  const { name, state, failure, swept } = removed;
  const first = {
    removed: `${name}: removed with its state`,
    absent: `${name}: no such stack in the backend`,
    kept: `${name}: NOT removed: ${failure}`,
    extended: `${name}: left alone, it was extended meanwhile`,
  }[state];
  return [
    first,
    ...sweepLines(swept),
    ...(isGone(removed) ? [] : ["  `platform ephemeral reap --yes` goes on with it"]),
  ].join("\n");
}

function sweepLines({ removed, remaining }: Sweep): string[] {
  return [...removed.map((arn) => `  - ${arn}`), ...remaining.map(({ arn, why }) => `  REMAINS ${arn}: ${why}`)];
}

export function reapText({ expired, stacks, kept, orphans, swept, dryRun }: ReapReport): string {
  const keptLines = kept.map(({ name, why }) => `${name}: stays, ${why}`);
  if (dryRun) {
    return [
      ...expired.map((name) => `${name}: would be removed`),
      ...orphans.map((arn) => `${arn}: would be removed, no stack holds it`),
      ...keptLines,
      expired.length + orphans.length === 0
        ? "Nothing has expired."
        : `${expired.length} stacks and ${orphans.length} orphaned resources have expired; --yes removes them.`,
    ].join("\n");
  }
  const remaining = stacks.filter((stack) => !isGone(stack)).length + swept.remaining.length;
  return [
    ...stacks.map(removedText),
    ...sweepLines(swept),
    ...keptLines,
    remaining === 0 ? "Nothing that has expired remains." : `${remaining} remain; run it again.`,
  ].join("\n");
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
