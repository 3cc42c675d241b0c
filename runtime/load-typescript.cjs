// Loads TypeScript with tsx and leaves installed packages to Node: they need no transpiling, and looking at each of their files
// for it, and at their source maps, takes most of a run's time.
const Module = require("node:module");
const { sep } = require("node:path");

const extensions = Module._extensions;
const plain = extensions[".js"];
const plainResolve = Module._resolveFilename;
require("tsx/cjs");
const transpiling = extensions[".js"];
const resolve = Module._resolveFilename;

const isInstalled = (filename) => filename?.includes(`${sep}node_modules${sep}`);

// What an installed package requires is never TypeScript.
Module._resolveFilename = function (request, parent, ...rest) {
  return (isInstalled(parent?.filename) ? plainResolve : resolve).call(this, request, parent, ...rest);
};

let depth = 0;
extensions[".js"] = (module, filename) => {
  if (!isInstalled(filename)) return transpiling(module, filename);
  if (depth === 0) process.setSourceMapsEnabled(false);
  depth += 1;
  try {
    return plain(module, filename);
  } finally {
    depth -= 1;
    if (depth === 0) process.setSourceMapsEnabled(true);
  }
};
