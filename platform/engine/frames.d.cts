import type { Duplex } from "node:stream";

/** What a call carries besides its message. */
export interface CallHeader {
  readonly id: number;
  /** The method as gRPC names it, `/pulumirpc.ResourceMonitor/RegisterResource`. */
  readonly path: string;
}

/** What an answer carries besides its message. */
export interface AnswerHeader {
  readonly id: number;
  /** A call that failed: a gRPC status and its text. */
  readonly error?: { readonly code: number; readonly details: string };
}

export function writeFrame(stream: Duplex, header: CallHeader | AnswerHeader, body: Uint8Array): void;

/** Calls `take` for each message that comes; `take` must not throw. */
export function readFrames(stream: Duplex, take: (header: CallHeader, body: Buffer) => void): void;
