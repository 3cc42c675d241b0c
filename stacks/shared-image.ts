import type * as pulumi from "@pulumi/pulumi";
import { Announcement } from "../components/announcement";
import { Bucket } from "../components/bucket";
import { GpuImage } from "../components/gpu-image";
import { sharedParameters } from "../contracts/shared-parameters";
import type { GpuImageConfig } from "./gpu-schema";

/** Days that an overwritten weight, adapter or image file can be brought back. */
const oldVersionDays = 90;

/** The buckets of weights and of what builds make, with the parameters that name them, and the image of GPU nodes. */
export function sharedImage(config: GpuImageConfig, opts: pulumi.ComponentResourceOptions) {
  const settings = { oldVersionDays, protect: true, forceDestroy: false };
  const models = new Bucket("models", settings, opts);
  const artefacts = new Bucket("artefacts", { ...settings, takesLogs: true }, opts);
  models.logTo(artefacts);
  new Announcement("models-name", { path: sharedParameters.modelBucket, value: models.bucketName }, opts);
  new Announcement("artefacts-name", { path: sharedParameters.artefactBucket, value: artefacts.bucketName }, opts);
  const image = new GpuImage(
    "gpu-image",
    { ...config, modelBucket: models.bucketName, artefactBucket: artefacts.bucketName },
    opts,
  );
  return { models, artefacts, image };
}
