import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { serviceAddresses } from "../../contracts/services/addresses";

// Lists the images of services for the workflow that builds them: `npm run build && npx tsx images/containers/list.ts` prints JSON.

/** An image, and the arguments that its Dockerfile takes. */
export interface ServiceImage {
  readonly service: string;
  /** Hash of everything that goes into it: what has the same tag is the same image. */
  readonly tag: string;
  readonly port: number;
  readonly healthPath: string;
  /** Flags of Node; empty for none. */
  readonly nodeFlags: string;
}

/** Services that stream keep their pauses short (docs/decisions.md). */
const nodeFlags: Readonly<Record<string, string>> = { "ai-router": "--max-semi-space-size=1" };

const dockerfile = join(__dirname, "service.Dockerfile");

/**
 * The image of every service whose folder the bundler has written.
 * @param build The bundler's output, `build`.
 */
export function serviceImages(build: string): ServiceImage[] {
  return Object.entries(serviceAddresses)
    .filter(([service]) => existsSync(join(build, service, "service.cjs")))
    .map(([service, { port, health }]) => {
      const image = { service, port, healthPath: health, nodeFlags: nodeFlags[service] ?? "" };
      return { ...image, tag: contentTag(join(build, service), JSON.stringify(image)) };
    });
}

function contentTag(folder: string, settings: string): string {
  const hash = createHash("sha256").update(settings).update(readFileSync(dockerfile));
  const files = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name).slice(folder.length + 1))
    .sort();
  for (const file of files) hash.update(`\0${file}\0`).update(readFileSync(join(folder, file)));
  return hash.digest("hex").slice(0, 16);
}

if (require.main === module) {
  process.stdout.write(`${JSON.stringify(serviceImages(join(__dirname, "..", "..", "build")))}\n`);
}
