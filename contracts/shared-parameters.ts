/**
 * SSM parameters through which the shared stack hands what exists once per account and region to the environments.
 * A fixed path, since another stack spells it.
 */
export const sharedParameters = {
  /** AMI id that GPU nodes boot: the released image, or the plain base image until there is one. */
  gpuImage: "/gaming/shared/gpu-node/ami",
  /** What is released: the AMI's id again, or `none`; while `none`, groups are declared and launch nothing. */
  gpuImageRelease: "/gaming/shared/gpu-node/release",
  /** Where Image Builder writes the id of the AMI it built last; its own role may write below this prefix only. Nothing boots from it. */
  gpuImageCandidate: "/imagebuilder/gaming/gpu-node/candidate",
  /** Bucket of base weights and adapters. */
  modelBucket: "/gaming/shared/models/bucket",
  /** Bucket of what builds make: bundles, image components, game builds. */
  artefactBucket: "/gaming/shared/artefacts/bucket",
  /** ARN of the public edge's certificate. */
  certificate: "/gaming/shared/certificate/arn",
} as const;
