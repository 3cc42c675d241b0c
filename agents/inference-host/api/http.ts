import type { ServerResponse } from "node:http";
import { sendErrorAnswer } from "../../../runtime/openai/http";
import { errorAnswer } from "./errors";

/** Sends an error in OpenAI's shape, or ends a stream that has begun with an error event. @returns The status */
export function sendError(response: ServerResponse, error: unknown, closeConnection = false): number {
  const answer = errorAnswer(error);
  sendErrorAnswer(response, answer, closeConnection);
  return answer.status;
}
