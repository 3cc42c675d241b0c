// Loaded into the program's process before Pulumi's runner. It changes nothing that the program does, only how failures are
// told: positions in the user's own source, an error text in milliseconds, and who called process.exit.
"use strict";

const { existsSync, writeSync } = require("node:fs");
const Module = require("node:module");
const { dirname, resolve, sep } = require("node:path");
const { fileURLToPath } = require("node:url");
const util = require("node:util");
const { isMainThread } = require("node:worker_threads");

const { callOverPipe } = require("./program-pipe.cjs");

const { createRequire, findSourceMap } = Module;

const reportDescriptor = 3;
const pipeDescriptor = 4;
/** The SDK takes the whole stack of each resource and the engine wants the place of its constructor, the sixth frame at most. */
const framesOfResource = 6;
const modules = `${sep}node_modules${sep}`;

/**
 * What the SDK loads at its start and needs only to serialise functions, to read TypeScript, to drive the CLI and to send traces. It is half of
 * the time and of the memory that importing the SDK takes.
 */
const rarelyUsed =
  /^(?:(?:\.\.?\/)+typescript-shim|@npmcli\/arborist|normalize-package-data|fdir|execa|js-yaml|@opentelemetry\/(?!api$).*)$/;

/** Has the modules that the SDK rarely uses loaded when something of them is first asked for. */
function loadWhenUsed(runnerFolder) {
  const sdk = resolve(runnerFolder, "../..") + sep;
  const load = Module._load;
  Module._load = function (request, parent, isMain) {
    const given = () => load.call(this, request, parent, isMain);
    return rarelyUsed.test(request) && parent?.filename?.startsWith(sdk) ? standInFor(given) : given();
  };
}

/** An object that has what the module has. It says that it is an ES module, so that compiled imports take it as it is. */
function standInFor(loadModule) {
  const get = (_none, key) => {
    if (key === "__esModule") return true;
    const module = loadModule();
    return key === "default" && !module.__esModule ? module : module[key];
  };
  return new Proxy({}, { get });
}

function mapPositions(requireFromRunner) {
  const support = requireFromRunner("source-map-support");
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
    const isOfResource = frames[0]?.getFunctionName() === "callsites";
    const lines = (isOfResource ? frames.slice(0, framesOfResource) : frames).map((frame) => {
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
function promisesWithoutStacks(requireFromRunner) {
  if (process.env.PULUMI_DEBUG_PROMISE_LEAKS) return;
  const debuggable = requireFromRunner("../../runtime/debuggable");
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

/**
 * The SDK tells the engine of each step of each resource, one message after the other, each awaited: half of a large program's
 * time, for messages that nobody reads.
 */
function withoutDebugMessages(requireFromRunner) {
  requireFromRunner("../../log").debug = () => Promise.resolve();
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

/** The engine's address as the runner is told it. */
function engineAddress() {
  const option = "--monitor=";
  return process.argv.find((argument) => argument.startsWith(option)).slice(option.length);
}

const runner = process.env.PLATFORM_ENGINE_RUNNER;
if (isMainThread && runner !== undefined) {
  delete process.env.PLATFORM_ENGINE_RUNNER;
  const requireFromRunner = createRequire(runner);
  loadWhenUsed(dirname(runner));
  mapPositions(requireFromRunner);
  plainErrors();
  promisesWithoutStacks(requireFromRunner);
  withoutDebugMessages(requireFromRunner);
  callOverPipe(requireFromRunner, pipeDescriptor, engineAddress());
  reportExit();
}
