// Loaded into the program's process before Pulumi's runner. It changes nothing that the program does, only how failures are
// told: positions in the user's own source, an error text in milliseconds, and who called process.exit.
"use strict";

const { existsSync, writeSync } = require("node:fs");
const { createRequire, findSourceMap } = require("node:module");
const { sep } = require("node:path");
const { fileURLToPath } = require("node:url");
const util = require("node:util");
const { isMainThread } = require("node:worker_threads");

const reportDescriptor = 3;
const modules = `${sep}node_modules${sep}`;

function mapPositions(runner) {
  const support = createRequire(runner)("source-map-support");
  support.install({
    handleUncaughtExceptions: false,
    // What a loader transpiled in memory has its map in node's own cache.
    retrieveSourceMap: (file) => {
      const map = existsSync(`${file}.map`) ? undefined : findSourceMap(file)?.payload;
      return map === undefined ? null : { url: file, map: { ...map, sources: map.sources.map(toPath) } };
    },
  });
  // The SDK takes a stack for every promise, so what is not the user's is not looked up: reading the maps of all libraries
  // takes longer than many programs run.
  Error.prepareStackTrace = (error, frames) => {
    const lines = frames.map((frame) => {
      const file = frame.getFileName();
      const isUsers = file && !file.startsWith("node:") && !file.includes(modules);
      return isUsers ? named(String(support.wrapCallSite(frame))) : String(frame);
    });
    return [`${error.name || "Error"}: ${error.message || ""}`, ...lines].join("\n    at ");
  };
}

/** The SDK only reads the position of frames with a name, which code at the top of a module may lack. */
function named(frame) {
  return frame.endsWith(")") ? frame : `<anonymous> (${frame})`;
}

function toPath(source) {
  return source?.startsWith("file:") ? fileURLToPath(source) : source;
}

/**
 * Colours make `inspect` loop for ever in Node 20.20 on a stack with a line such as `node_modules/@scope/file.js:1:2`, and the
 * engine takes them out again anyway.
 */
function plainErrors() {
  const { inspect } = util;
  const plain = (value, options, ...rest) =>
    inspect(
      value,
      util.types.isNativeError(value) && options?.colors ? { ...options, colors: false } : options,
      ...rest,
    );
  util.inspect = Object.assign(plain, inspect);
}

/** The SDK notes a stack for each of its promises, to tell of leaks when it is asked to; taking them is a tenth of a run. */
function promisesWithoutStacks(runner) {
  if (process.env.PULUMI_DEBUG_PROMISE_LEAKS) return;
  const debuggable = createRequire(runner)("../../runtime/debuggable");
  const { debuggablePromise } = debuggable;
  debuggable.debuggablePromise = (...given) => {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      return debuggablePromise(...given);
    } finally {
      Error.stackTraceLimit = limit;
    }
  };
}

/** Inside `process.exit` the stack of an exit listener still shows the caller. */
function reportExit() {
  process.on("exit", (code) => {
    const { stack = "" } = new Error(`process exited with code ${code}`);
    if (!/\bprocess\.(?:reallyExit|exit)\b/.test(stack)) return;
    try {
      writeSync(reportDescriptor, JSON.stringify({ exit: code, stack }));
    } catch {
      // Without the engine at the other end there is nobody to tell.
    }
  });
}

/**
 * Pulumi keeps a stack with every promise that it makes, to print it where leaks are debugged. Mapping those stacks takes most of
 * a large program's time, so theirs stay unmapped and unread.
 */
function skipPromiseStacks() {
  if (process.env.PULUMI_DEBUG_PROMISE_LEAKS) return;
  const map = Error.prepareStackTrace;
  Error.prepareStackTrace = (error, frames) =>
    frames[0]?.getFunctionName() === "debuggablePromise" ? "" : map(error, frames);
}

const runner = process.env.PLATFORM_ENGINE_RUNNER;
if (isMainThread && runner !== undefined) {
  delete process.env.PLATFORM_ENGINE_RUNNER;
  mapPositions(runner);
  skipPromiseStacks();
  plainErrors();
  promisesWithoutStacks(runner);
  reportExit();
}
