import { propertyRule, type Rule } from "../rule";

const repository = "aws:ecr/repository:Repository";

export const storageRules: readonly Rule[] = [
  {
    id: "CKV_AWS_136",
    severity: "low",
    title: "Image registries are encrypted with KMS",
    rationale: "A key of our own can be revoked and its use is logged.",
    remediation: 'Set encryptionConfigurations to [{ encryptionType: "KMS" }].',
    types: [repository],
    scope: "resource",
    check: ({ props }) => {
      const [configuration] = (props.encryptionConfigurations ?? []) as { encryptionType?: string }[];
      return configuration?.encryptionType === "KMS" ? undefined : "the registry is not encrypted with KMS";
    },
    passing: [{ type: repository, props: { encryptionConfigurations: [{ encryptionType: "KMS" }] } }],
    failing: [{ type: repository, props: {} }],
  },
  propertyRule({
    id: "CKV_AWS_163",
    severity: "medium",
    title: "Images are scanned when pushed",
    rationale: "A known hole should be seen before the image runs.",
    remediation: "Set imageScanningConfiguration.scanOnPush.",
    type: repository,
    path: "imageScanningConfiguration.scanOnPush",
    allowed: [true],
  }),
];
