import { relative, sep } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { EvaluationError } from "./errors";
import type { ExitReport, ProgramEnd } from "./program";
import type { Diagnostic } from "./types";

/** Everything that is known about a run that did not end well. */
export interface FailedRun {
  readonly root: string;
  readonly end: ProgramEnd;
  readonly diagnostics: readonly Diagnostic[];
  /** The first thing that the engine refused. */
  readonly refusal?: EvaluationError;
  /** Set when the program ended itself by `process.exit`. */
  readonly exit?: ExitReport;
  /** Set when the program was killed after this many milliseconds. */
  readonly timedOutAfterMs?: number;
  /** Whether the program had handed over its stack outputs. */
  readonly complete: boolean;
  /** Where the program was when it was killed, or else the last resource that it declared. */
  readonly lastPlace?: string;
}

interface Told {
  readonly message: string;
  readonly place?: string;
}

/** Turns a failed run into one error with one message and, where it is known, the place in the user's source. */
export function explainFailure(run: FailedRun): EvaluationError {
  if (run.timedOutAfterMs !== undefined) return error(run, "timeout", timeout(run, run.timedOutAfterMs));
  if (run.refusal !== undefined) {
    const told = run.refusal.place === undefined ? firstError(run) : undefined;
    return error(run, "engine", { message: run.refusal.message, place: run.refusal.place ?? told?.place });
  }
  const thrown = firstError(run);
  if (thrown !== undefined) return error(run, "program", thrown);
  if (run.exit !== undefined) {
    const message = `the program called process.exit(${run.exit.code}) before it was complete`;
    return error(run, "exit", { message, place: userFrame(run.exit.stack, run.root) });
  }
  const stderr = run.diagnostics.filter(({ severity }) => severity === "info#err").map(({ message }) => message);
  const leak = stderr.some((line) => line.includes("promises were still active"));
  if (leak || (run.end.code === 0 && !run.complete)) {
    const message =
      "the program ended while it still waited for a value that never came (a promise or output that nothing resolves)";
    return error(run, "program", { message, place: run.lastPlace });
  }
  const crash = stderr.length === 0 ? undefined : readError(stderr.join("\n"), run.root);
  if (crash !== undefined && crash.message !== "") return error(run, "program", crash);
  const how = run.end.signal === null ? `exit code ${run.end.code}` : `signal ${run.end.signal}`;
  return error(run, "exit", { message: `the program ended with ${how} before it was complete` });
}

function error(run: FailedRun, failure: EvaluationError["failure"], { message, place }: Told): EvaluationError {
  const text = place === undefined || message.startsWith(place) ? message : `${place}: ${message}`;
  return new EvaluationError(failure, text, place, run.diagnostics);
}

function timeout(run: FailedRun, afterMs: number): Told {
  const limit = `the program did not end within ${afterMs / 1000} s and was stopped`;
  if (run.complete) {
    return { message: `${limit}; it was complete, but a timer, server or open connection kept it running` };
  }
  return { message: limit, place: run.lastPlace };
}

function firstError(run: FailedRun): Told | undefined {
  const first = run.diagnostics.find(({ severity }) => severity === "error");
  return first === undefined ? undefined : readError(first.message, run.root);
}

/** Reads the text of an error as Pulumi's runner or node prints it. */
export function readError(text: string, root: string): Told {
  const plain = stripVTControlCharacters(text)
    .replace(/^Running program '.*' failed with an unhandled exception:\n/, "")
    .replace(/^<ref \*\d+> /, "")
    .trim();
  const known = transpileError(plain, root) ?? syntaxError(plain, root);
  if (known !== undefined) return known;
  const end = plain.search(/\n\s+at /);
  const head = (end === -1 ? plain : plain.slice(0, end)).replace(/\nRequire stack:[\s\S]*/, "").trim();
  const message = head.replace(/^(?:Uncaught )?Error: /, "").replaceAll(root + sep, "");
  return { message, place: userFrame(plain, root) ?? requiredFrom(plain, root) };
}

/** A module that is not there is told with the chain of files that asked for it. */
function requiredFrom(text: string, root: string): string | undefined {
  const [, file] = /\nRequire stack:\n- (.+)/.exec(text) ?? [];
  return file === undefined ? undefined : inProject(file, root);
}

/** esbuild (tsx) and TypeScript (ts-node) name file, line and column in the message itself. */
function transpileError(text: string, root: string): Told | undefined {
  const esbuild = /^(.+?):(\d+):(\d+): ERROR: (.+)$/m.exec(text);
  if (esbuild !== null) return at(root, esbuild[1]!, `${esbuild[2]}:${esbuild[3]}`, `syntax error: ${esbuild[4]}`);
  const typescript = /^(.+?)[(:](\d+)[,:](\d+)\)?(?: -|:) error (TS\d+: .+)$/m.exec(text);
  if (typescript === null) return undefined;
  return at(root, typescript[1]!, `${typescript[2]}:${typescript[3]}`, typescript[4]!);
}

/** Node shows a syntax error below the line it is in. */
function syntaxError(text: string, root: string): Told | undefined {
  const match = /^(\/.+?|[A-Za-z]:\\.+?):(\d+)\n[^\n]*\n\s*\^+\n[\s\S]*?^(SyntaxError: .+)$/m.exec(text);
  return match === null ? undefined : at(root, match[1]!, match[2]!, match[3]!);
}

function at(root: string, file: string, position: string, message: string): Told {
  return { message, place: `${inProject(file, root) ?? file}:${position}` };
}

/** The first frame of a stack that is the user's own source. */
export function userFrame(stack: string, root: string): string | undefined {
  for (const [, file = "", position = ""] of stack.matchAll(/^\s+at (?:.*\()?(?:file:\/\/)?(.+?):(\d+:\d+)\)?/gm)) {
    const path = inProject(file, root);
    if (path !== undefined) return `${path}:${position}`;
  }
  return undefined;
}

function inProject(file: string, root: string): string | undefined {
  if (!file.startsWith(sep) && !/^[A-Za-z]:\\/.test(file)) return file.includes(":") ? undefined : relativeName(file);
  const path = relative(root, file);
  return path.startsWith("..") || path.split(sep).includes("node_modules") ? undefined : relativeName(path);
}

function relativeName(path: string): string | undefined {
  return /\.[cm]?[jt]sx?$/.test(path) ? path.split(sep).join("/") : undefined;
}
