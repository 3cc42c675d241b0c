import { z } from "zod";

// Schemas that contracts share.

/** A time, RFC 3339 in UTC. */
export const time = z.iso.datetime({ offset: false }).meta({ description: "RFC 3339, UTC" });

/** A time that a caller gives; any offset will do. */
export const givenTime = z.iso.datetime({ offset: true });

export const uuid = z.uuid();

/** Text that PostgreSQL can hold. @param most Characters at most. */
export function text(most: number, least = 1) {
  return z.string().min(least).max(most).regex(noNull, "no null character");
}
// biome-ignore lint/suspicious/noControlCharactersInRegex: that character is what the rule is about.
const noNull = /^[^\u0000]*$/;

/** Query of a list: one page after another. */
export const pageQuery = {
  limit: z.int().min(1).max(500).default(50),
  cursor: z.string().min(1).max(500).optional(),
} as const;

/** A page of a list; the cursor of the next one, or null on the last. */
export function pageOf<Item extends z.ZodType>(item: Item) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

/** Version of a document, from 1; its `ETag`. */
export const version = z.int().min(1);
