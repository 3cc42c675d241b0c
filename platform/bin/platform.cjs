#!/usr/bin/env node
// Starts the `platform` command; TypeScript is loaded as Pulumi.yaml has it for the stack program.
require("./ensure-installed.cjs");

// Node 22 and later keep compiled code between runs; the program's own process shares the folder.
const { enableCompileCache, getCompileCacheDir } = require("node:module");
enableCompileCache?.();
const compileCache = getCompileCacheDir?.();
if (compileCache !== undefined) process.env.NODE_COMPILE_CACHE ??= compileCache;

require("../../runtime/load-typescript.cjs");
require("../cli/main.ts");
