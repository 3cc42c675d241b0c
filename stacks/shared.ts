import * as aws from "@pulumi/aws";
import { Announcement } from "../components/announcement";
import { Certificate } from "../components/certificate";
import { CiRoles } from "../components/ci-roles";
import { Detectors } from "../components/detectors";
import { Registry } from "../components/registry";
import { sharedParameters } from "../contracts/shared-parameters";
import { taggingProvider } from "./account";
import type { StackConfig } from "./config";
import { serviceNames } from "./service-catalogue";
import { sharedImage } from "./shared-image";

/** Images that each repository keeps. */
const keepImages = 50;

/** What exists once per account and region, and what environments read of it. */
export function sharedStack(config: Extract<StackConfig, { kind: "shared" }>) {
  const { settings } = config;
  const opts = { provider: taggingProvider(config) };
  const { models, artefacts, image } = sharedImage(settings.gpuImage ?? {}, opts);
  new Detectors("detectors", settings.detectors, opts);
  const registry = new Registry("registry", { services: serviceNames, keepImages }, opts);
  const certificate = settings.domain && createCertificate(settings.domain);
  const ci = settings.ci && createCiRoles(settings.ci);
  return {
    modelBucket: models.bucketName,
    artefactBucket: artefacts.bucketName,
    gpuImagePipeline: image.pipelineArn,
    registries: registry.urls,
    certificate: certificate?.arn,
    certificateRecords: certificate?.validationRecords,
    ciRoles: ci?.roleArns,
  };

  function createCertificate({ name, zoneId }: NonNullable<typeof settings.domain>): Certificate {
    const made = new Certificate("certificate", { domain: name, zoneId }, opts);
    new Announcement("certificate-arn", { path: sharedParameters.certificate, value: made.arn }, opts);
    return made;
  }

  function createCiRoles(ci: NonNullable<typeof settings.ci>): CiRoles {
    return new CiRoles(
      "ci",
      {
        ...ci,
        accountId: aws.getCallerIdentityOutput({}, opts).accountId,
        region: config.region,
        repositoryArns: registry.arns,
        artefactBucketArn: artefacts.arn,
      },
      opts,
    );
  }
}
