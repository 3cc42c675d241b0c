import type { IncomingHttpHeaders } from "node:http";
import type { Dispatcher } from "undici";

/** What the caller does with an answer as it arrives. */
export interface AnswerReader {
  /** Told once, before the first byte of the body. Source of the names: Node's `http.IncomingHttpHeaders`. */
  readonly onHead: (status: number, headers: IncomingHttpHeaders) => void;
  /** Takes a piece of the body; a promise holds the sender back until it resolves, and ends the request if it rejects. */
  readonly onData: (piece: Buffer) => Promise<void> | undefined;
}

/**
 * Sends a request and hands on its answer as it comes, by undici's dispatch: no stream object, promise or copy per piece.
 * Resolves after the last piece.
 * @param dispatcher Pool or Agent; its time limits hold. One connection per request in flight wants `pipelining: 1`.
 * @throws the signal's reason when it was aborted (the connection is closed then), the reader's own error, else undici's
 */
export function streamRequest(
  dispatcher: Dispatcher,
  request: Dispatcher.DispatchOptions,
  reader: AnswerReader,
  signal: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    let stop: (() => void) | undefined;
    const settle = () => {
      if (stop) signal.removeEventListener("abort", stop);
    };
    dispatcher.dispatch(request, {
      onRequestStart(controller) {
        stop = () => controller.abort(asError(signal.reason));
        signal.addEventListener("abort", stop, { once: true });
        if (signal.aborted) stop();
      },
      onResponseStart(_controller, status, headers) {
        reader.onHead(status, headers);
      },
      onResponseData(controller, piece) {
        const wait = reader.onData(piece);
        if (!wait) return;
        controller.pause();
        wait.then(
          () => controller.resume(),
          (error: unknown) => controller.abort(asError(error)),
        );
      },
      onResponseEnd() {
        settle();
        resolve();
      },
      onResponseError(_controller, error) {
        settle();
        reject(signal.aborted ? signal.reason : error);
      },
    });
  });
}

/** A thrown value as an error. */
export function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
