// Bundles every program that ships in an image into one file each: agents/*/main.ts and services/*/main.ts to build/NAME.cjs, with the data
// (*.bin) that it reads beside itself.
// `node images/bundle.cjs [NAME ...] [--outdir DIR] [--inputs]` bundles some of them, to another folder; with --inputs it writes the
// files that went into each beside it, NAME.inputs.json, as paths from the repository, and a service once more without its packages,
// NAME.hosted.cjs, for a process that runs several and loads each package once; without --inputs a service's folder for its image is
// written: build/NAME/ with service.cjs, migrations/ and kit-migrations/ (images/containers/service.Dockerfile).
const {
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} = require("node:fs");
const { basename, dirname, join, relative } = require("node:path");
const { parseArgs } = require("node:util");
const esbuild = require("esbuild");

const root = join(__dirname, "..");
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { outdir: { type: "string", default: join(root, "build") }, inputs: { type: "boolean", default: false } },
});
const entries = ["agents", "services"].flatMap((folder) =>
  readdirSync(join(root, folder))
    .map((name) => ({ name, entry: join(root, folder, name, "main.ts") }))
    .filter(({ name, entry }) => existsSync(entry) && (positionals.length === 0 || positionals.includes(name))),
);

for (const { name, entry } of entries) {
  const outfile = join(values.outdir, `${name}.cjs`);
  const isService = entry.startsWith(join(root, "services"));
  const options = {
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    platform: "node",
    target: "node20",
    format: "cjs",
    minifySyntax: true,
    legalComments: "none",
    logLevel: "warning",
    metafile: true,
    // The bundle names its parts: a tree whose node_modules is a link must give the same one, since images are named by it.
    preserveSymlinks: true,
    // A native package; the inference host imports it when the embedded engine is asked for, and says so when it is missing.
    external: ["node-llama-cpp"],
  };
  const { metafile } = esbuild.buildSync({ ...options, outfile });
  const data = dataOf(dirname(entry));
  for (const file of data) copyFileSync(file, join(values.outdir, basename(file)));
  if (values.inputs) {
    const inputs = [...Object.keys(metafile.inputs), ...data.map((file) => relative(root, file))].sort();
    writeFileSync(join(values.outdir, `${name}.inputs.json`), JSON.stringify(inputs));
    if (isService) {
      const hosted = join(values.outdir, `${name}.hosted.cjs`);
      esbuild.buildSync({ ...options, outfile: hosted, packages: "external", metafile: false });
    }
  } else if (isService) writeImageFolder(name, outfile, data);
  console.log(`${name}: ${outfile}, ${Math.round(statSync(outfile).size / 1024)} KiB`);
}
console.log(`${entries.length} bundles built`);

/** Data that a program reads beside itself: every .bin of its folder. */
function dataOf(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith(".bin"))
    .map(({ parentPath, name }) => join(parentPath, name));
}

function writeImageFolder(name, bundle, data) {
  const folder = join(values.outdir, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  copyFileSync(bundle, join(folder, "service.cjs"));
  for (const file of data) copyFileSync(file, join(folder, basename(file)));
  const migrations = join(root, "services", name, "schema", "migrations");
  // The variables that name them must not lead nowhere.
  mkdirSync(join(folder, "migrations"));
  if (existsSync(migrations)) cpSync(migrations, join(folder, "migrations"), { recursive: true });
  cpSync(join(root, "runtime", "service", "schema", "migrations"), join(folder, "kit-migrations"), { recursive: true });
}
