import { createHmac, timingSafeEqual } from "node:crypto";
import { InputError } from "../../../contracts/input-error";

/** Makes and reads opaque cursors that only this service can have made. */
export interface CursorCodec {
  encode(purpose: string, content: Readonly<Record<string, string | number>>): string;
  /** @throws InputError for a cursor of another list, a changed one, or one of another key */
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
        throw new InputError({
          path: "cursor",
          given: cursor.slice(0, 40),
          allowed: "the nextCursor of a page of this same list",
        });
      }
      return JSON.parse(Buffer.from(body, "base64url").toString("utf8")) as Record<string, string | number>;
    },
  };
}
