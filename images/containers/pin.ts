import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseDocument } from "yaml";
import { InputError } from "../../contracts/input-error";

// Writes the digests of images into a stack's config: `npx tsx images/containers/pin.ts Pulumi.dev.yaml FOLDER`, whose files are named by
// service and hold REGISTRY/gaming/SERVICE@sha256:DIGEST each.

const reference = /^[\w.-]+(:\d+)?\/gaming\/[a-z0-9-]+@sha256:[0-9a-f]{64}$/;

/**
 * A stack's config with other images; everything else of the text stays as it is, comments included.
 * @throws InputError for an image that is not named by its digest.
 */
export function pinImages(config: string, images: Readonly<Record<string, string>>): string {
  const document = parseDocument(config);
  for (const [service, image] of Object.entries(images)) {
    if (!reference.test(image)) {
      throw new InputError({
        path: service,
        given: image,
        allowed: "REGISTRY/gaming/SERVICE@sha256:DIGEST",
        where: "the digests",
      });
    }
    document.setIn(["config", "game-ai-platform:services", service, "image"], image);
  }
  return document.toString({ lineWidth: 0 });
}

if (require.main === module) {
  const [file = "", folder = ""] = process.argv.slice(2);
  const images = readdirSync(folder).map((service) => [service, readFileSync(join(folder, service), "utf8").trim()]);
  writeFileSync(file, pinImages(readFileSync(file, "utf8"), Object.fromEntries(images)));
}
