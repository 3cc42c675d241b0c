import type { ServerResponse } from "node:http";
import { sendJson } from "../../../runtime/openai/http";
import { errorAnswer } from "./errors";

/** Sends an error in OpenAI's shape, or ends a stream that has begun with an error event. @returns The status */
export function sendError(response: ServerResponse, error: unknown, closeConnection = false): number {
  const { status, body, retryAfterSeconds } = errorAnswer(error);
  if (response.headersSent) {
    if (!response.writableEnded) response.end(`data: ${JSON.stringify(body)}\n\ndata: [DONE]\n\n`);
    return status;
  }
  if (retryAfterSeconds !== undefined) response.setHeader("retry-after", retryAfterSeconds);
  // An unread body would be taken for the next request.
  if (closeConnection || status === 413) response.setHeader("connection", "close");
  sendJson(response, status, body);
  return status;
}
