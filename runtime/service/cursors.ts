import { createHmac, timingSafeEqual } from "node:crypto";
import { problem } from "./problems";

/** Makes and reads opaque cursors that only this service can have made. */
export interface CursorCodec {
  encode(purpose: string, content: Readonly<Record<string, string | number>>): string;
  /** @throws Problem 400 for a cursor of another list, a changed one, or one of another key */
  decode(purpose: string, cursor: string): Record<string, string | number>;
}

/** @param secret Any text that all replicas share */
export function cursorCodec(secret: string): CursorCodec {
  const sign = (purpose: string, body: string) =>
    createHmac("sha256", secret).update(`${purpose}\n${body}`).digest().subarray(0, 16);
  return {
    encode(purpose, content) {
      const body = Buffer.from(JSON.stringify(content)).toString("base64url");
      return `${body}.${sign(purpose, body).toString("base64url")}`;
    },
    decode(purpose, cursor) {
      const [body = "", signature = ""] = cursor.split(".");
      const given = Buffer.from(signature, "base64url");
      const wanted = sign(purpose, body);
      if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) {
        throw problem("invalid-request", "the cursor is not the nextCursor of a page of this same list", {
          errors: [{ path: "query.cursor", message: "the nextCursor of a page of this same list" }],
        });
      }
      return JSON.parse(Buffer.from(body, "base64url").toString("utf8")) as Record<string, string | number>;
    },
  };
}

/**
 * A page out of rows read one beyond the limit.
 * @param at What the cursor keeps of the last row shown: the columns that the list is ordered by.
 */
export function pageOf<Row>(
  rows: readonly Row[],
  limit: number,
  cursors: CursorCodec,
  purpose: string,
  at: (row: Row) => Readonly<Record<string, string | number>>,
): { items: Row[]; nextCursor: string | null } {
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  const more = rows.length > limit && last !== undefined;
  return { items, nextCursor: more ? cursors.encode(purpose, at(last)) : null };
}
