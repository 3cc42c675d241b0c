import { randomUUID } from "node:crypto";
import { STATUS_CODES } from "node:http";
import type { Socket } from "node:net";
import { bodyOf, problem, problemMediaType } from "./problems";

/** What Node's HTTP parser refuses, so that no request is there to answer. */
function problemOf(code: string | undefined) {
  if (code === "HPE_HEADER_OVERFLOW") {
    return problem("headers-too-large", "the request's line and headers are larger than 16 KiB");
  }
  if (code === "ERR_HTTP_REQUEST_TIMEOUT") return problem("request-timeout", "the request did not arrive in time");
  return problem("invalid-request", "the request is not valid HTTP");
}

/** Answers a connection whose request cannot be read with a problem, and ends it. */
export function refuseConnection(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const refusal = problemOf(error.code);
  const body = JSON.stringify(bodyOf(refusal, randomUUID()));
  socket.end(
    [
      `HTTP/1.1 ${refusal.status} ${STATUS_CODES[refusal.status]}`,
      `content-type: ${problemMediaType}`,
      `content-length: ${Buffer.byteLength(body)}`,
      "connection: close",
      "",
      body,
    ].join("\r\n"),
  );
}
