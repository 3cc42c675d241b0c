import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { tierDefaults } from "../catalog/gpu-tiers";
import { gpuTiers } from "../contracts/archetypes";
import { checksumList, type PayloadFile, sha256 } from "./gpu-image-versions";
import { nodeEnvironment } from "./gpu-node-environment";
import { resolveTier } from "./gpu-settings";

/** The project's folder, in which the image's sources lie. */
const root = join(__dirname, "..");
const sources = join(root, "images", "gpu-node");

/** The agents that the image holds, by the name of their bundle. */
export const imageAgents = ["gpu-metrics", "inference-host"] as const;

/** A payload file with its content: a file on this machine, or a text. */
export type ImageFile = PayloadFile & ({ readonly file: string } | { readonly text: string });

/** A component document in the order in which the recipe runs it. */
export interface ComponentDocument {
  /** The file's name without number and extension. */
  readonly name: string;
  readonly text: string;
}

/** Stand-ins in the tiers' settings, which the build replaces by what it is told: neither is known before the stack is up. */
const standIns = { modelBucket: "MODEL_BUCKET", region: "MODEL_REGION", logGroup: "none" } as const;

/** Everything that is copied onto the image: scripts, units, agents, the engine settings of each tier, and their checksums. */
export function imageFiles(): ImageFile[] {
  const files: ImageFile[] = [...sourceFiles(), ...agentFiles(), ...tierFiles()];
  return [...files, textFile("SHA256SUMS", checksumList(files))];
}

/** The component documents of the recipe. */
export function componentDocuments(): ComponentDocument[] {
  const folder = join(sources, "components");
  return readdirSync(folder)
    .filter((name) => name.endsWith(".yml"))
    .sort()
    .map((name) => ({
      name: name.replace(/^\d+-/, "").replace(/\.yml$/, ""),
      text: readFileSync(join(folder, name), "utf8"),
    }));
}

function sourceFiles(): ImageFile[] {
  const folder = join(sources, "files");
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const file = join(entry.parentPath, entry.name);
      return diskFile(relative(folder, file).split(sep).join("/"), file);
    });
}

/** Bundles the agents as they are in this tree: an image never holds an older build than the stack that declares it. */
function agentFiles(): ImageFile[] {
  const outdir = join(root, "build", "gpu-node");
  execFileSync(process.execPath, [join(root, "images", "bundle.cjs"), ...imageAgents, "--outdir", outdir], {
    cwd: root,
    stdio: ["ignore", "ignore", "inherit"],
    env: { PATH: process.env.PATH },
  });
  return imageAgents.map((name) => diskFile(`agents/${name}.cjs`, join(outdir, `${name}.cjs`)));
}

function tierFiles(): ImageFile[] {
  return gpuTiers.map((tier) => {
    const settings = resolveTier(tier, { min: 0, max: 1 });
    const variables = nodeEnvironment({ settings, ...standIns });
    const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
    return textFile(`tiers/${tier}-${tierDefaults[tier].engine.model}.env`, lines.sort().join(""));
  });
}

const diskFile = (path: string, file: string): ImageFile => ({ path, file, sha256: sha256(readFileSync(file)) });
const textFile = (path: string, text: string): ImageFile => ({ path, text, sha256: sha256(text) });
