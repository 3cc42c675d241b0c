import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { Component } from "./component";

export interface CertificateArgs {
  /** Host name; `*.` of it is covered as well. */
  readonly domain: string;
  /** Route 53 zone to prove ownership in. @default a person adds the records that the stack prints */
  readonly zoneId?: string;
}

/**
 * The certificate of the public edges, proved by DNS and renewed by AWS. With a zone the stack comes up with an issued
 * certificate; without one it prints the record to add, and the certificate is pending until then.
 */
export class Certificate extends Component {
  /** ARN; known to be issued when a zone was given. */
  readonly arn: pulumi.Output<string>;
  readonly validationRecords: pulumi.Output<aws.types.output.acm.CertificateDomainValidationOption[]>;

  constructor(name: string, args: CertificateArgs, opts?: pulumi.ComponentResourceOptions) {
    super("security:Certificate", name, opts);
    const certificate = new aws.acm.Certificate(
      `${name}-certificate`,
      {
        domainName: args.domain,
        subjectAlternativeNames: [`*.${args.domain}`],
        validationMethod: "DNS",
        keyAlgorithm: "EC_prime256v1",
      },
      { parent: this, protect: true },
    );
    // The host name and its wildcard are proved by one and the same record.
    const option = certificate.domainValidationOptions.apply((options) => options[0]!);
    this.arn = args.zoneId === undefined ? certificate.arn : createProof(this, args.zoneId);
    this.validationRecords = certificate.domainValidationOptions;
    this.registerOutputs({ arn: this.arn });

    function createProof(parent: Certificate, zoneId: string): pulumi.Output<string> {
      const record = new aws.route53.Record(
        `${name}-proof`,
        {
          zoneId,
          name: option.resourceRecordName,
          type: option.resourceRecordType.apply((type) => type as aws.route53.RecordType),
          records: [option.resourceRecordValue],
          ttl: 300,
          allowOverwrite: true,
        },
        { parent },
      );
      const validation = new aws.acm.CertificateValidation(
        `${name}-validation`,
        { certificateArn: certificate.arn, validationRecordFqdns: [record.fqdn] },
        { parent },
      );
      return validation.certificateArn;
    }
  }
}
