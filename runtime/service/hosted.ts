import type { Service } from "./definition";
import { startService } from "./start";

/** A program as a host starts it that has several in one process. */
export interface HostedProgram {
  /** Starts it with variables of its own; resolves when it listens. @returns How to end it in order */
  start(environment: Readonly<Record<string, string | undefined>>): Promise<{ stop(): Promise<void> }>;
}

/** Under this name a host leaves a function in `globalThis` before it loads a program's bundle, which then hands itself over. */
const hostName = Symbol.for("game-ai-platform.service-host");

/** Hands a service to the host that loads it. @returns False where the process is the service's own */
export function handToHost(service: Service): boolean {
  const take = (globalThis as Record<symbol, unknown>)[hostName] as ((program: HostedProgram) => void) | undefined;
  take?.({ start: (environment) => startService(service, { environment, ownProcess: false }) });
  return take !== undefined;
}
