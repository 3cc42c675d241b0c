import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { Component } from "./component";
import { fixedName } from "./physical-names";

export interface DetectorsArgs {
  /** Threats in logs, traffic and DNS, billed by volume. */
  readonly guardDuty: boolean;
  /** Findings against AWS's own best practices, billed by check. */
  readonly securityHub: boolean;
  /** Resources that somebody outside the account can reach; free for external access. */
  readonly accessAnalyzer: boolean;
}

/** Account-wide settings that cost nothing and are always on, and detectors by option. One per account and region. */
export class Detectors extends Component {
  constructor(name: string, args: DetectorsArgs, opts?: pulumi.ComponentResourceOptions) {
    super("security:Detectors", name, opts);
    new aws.ebs.EncryptionByDefault(`${name}-disk-encryption`, { enabled: true }, { parent: this });
    new aws.ec2.InstanceMetadataDefaults(
      `${name}-metadata`,
      { httpTokens: "required", httpEndpoint: "enabled" },
      { parent: this },
    );
    new aws.s3.AccountPublicAccessBlock(
      `${name}-buckets-closed`,
      { blockPublicAcls: true, blockPublicPolicy: true, ignorePublicAcls: true, restrictPublicBuckets: true },
      { parent: this },
    );
    if (args.guardDuty) {
      new aws.guardduty.Detector(
        `${name}-guard-duty`,
        { enable: true, findingPublishingFrequency: "FIFTEEN_MINUTES" },
        { parent: this },
      );
    }
    if (args.securityHub) {
      new aws.securityhub.Account(
        `${name}-security-hub`,
        { enableDefaultStandards: true, autoEnableControls: true },
        { parent: this },
      );
    }
    if (args.accessAnalyzer) {
      new aws.accessanalyzer.Analyzer(
        `${name}-access-analyzer`,
        { analyzerName: fixedName("aws:accessanalyzer/analyzer:Analyzer", `${name}-access-analyzer`), type: "ACCOUNT" },
        { parent: this },
      );
    }
    this.registerOutputs({});
  }
}
