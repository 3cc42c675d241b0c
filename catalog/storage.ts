import { badName, type LimitProblem, type NameLimit } from "./problem";

/** Names of buckets and image repositories. Source: S3 User Guide, bucket naming rules; ECR API reference, CreateRepository. */
export const storageNames = {
  bucket: {
    min: 3,
    max: 63,
    pattern:
      /^(?!xn--|sthree-|amzn-s3-demo-)(?!.*(?:\.\.|-s3alias$|--ol-s3$|\.mrap$|--x-s3$))(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]*[a-z0-9]$/,
    words:
      "lower-case letters, digits, dots, hyphens; a letter or digit at both ends; none of S3's reserved beginnings and endings",
  },
  repository: {
    min: 2,
    max: 256,
    pattern: /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/,
    words: "lower-case letters and digits, separated by . _ - or /",
  },
} as const satisfies Record<string, NameLimit>;

/** The problem of a bucket's name. */
export const bucketNameProblem = (name: string): LimitProblem | undefined => badName(name, storageNames.bucket);

/** The problem of an image repository's name. */
export const repositoryNameProblem = (name: string): LimitProblem | undefined => badName(name, storageNames.repository);

/** The problem of a container image that is not named by its digest. */
export function digestProblem(image: string): LimitProblem | undefined {
  if (/@sha256:[0-9a-f]{64}$/.test(image)) return undefined;
  return { given: image, allowed: "an image by digest, REPOSITORY@sha256:64 hexadecimal digits" };
}
