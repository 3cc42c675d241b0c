// Loads TypeScript with tsx and leaves installed packages to Node: they need no transpiling, and looking at each of their files
// for it, and at their source maps, takes most of a run's time.
const Module = require("node:module");
const { sep } = require("node:path");

const extensions = Module._extensions;
const plain = extensions[".js"];
require("tsx/cjs");
const transpiling = extensions[".js"];

let depth = 0;
extensions[".js"] = (module, filename) => {
  if (!filename.includes(`${sep}node_modules${sep}`)) return transpiling(module, filename);
  if (depth === 0) process.setSourceMapsEnabled(false);
  depth += 1;
  try {
    return plain(module, filename);
  } finally {
    depth -= 1;
    if (depth === 0) process.setSourceMapsEnabled(true);
  }
};
