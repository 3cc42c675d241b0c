import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { llamaVersion } from "../contracts/node";
import { sharedParameters } from "../contracts/shared-parameters";
import { tagKeys } from "../contracts/tags";
import { Component } from "./component";
import { componentDocuments, type ImageFile, imageFiles } from "./gpu-image-files";
import { contentVersion } from "./gpu-image-versions";
import { createInstanceProfile } from "./gpu-node-profile";
import { assumedBy, type Statement } from "./policy";

export interface GpuImageArgs {
  /** AMI to build on, pinned. @default what AWS's parameter says when the stack comes up */
  readonly baseImage?: string;
  /** AMI of our own that environments boot. @default none: the base image, and groups launch nothing */
  readonly release?: string;
  /** First number of every version. @default 1 */
  readonly revision?: number;
  /** Install DCGM's profiling module, which is under NVIDIA's own licence. @default false: utilisation comes from field 203 */
  readonly profiling?: boolean;
  /** Subnet that builds run in. @default the account's default VPC */
  readonly subnetId?: string;
  /** Bucket of weights and adapters, which the build warms the engine with. */
  readonly modelBucket: pulumi.Input<string>;
  /** Bucket that the image's files and the builds' logs go to. */
  readonly artefactBucket: pulumi.Input<string>;
}

/** The Deep Learning Base AMI. Source: DLAMI developer guide, "Finding the ID for a DLAMI" by SSM parameter. */
export const baseImageParameter =
  "/aws/service/deeplearning/ami/x86_64/base-oss-nvidia-driver-gpu-ubuntu-24.04/latest/ami-id";

/** Versions that the build installs; vLLM's own are in images/gpu-node/files/vllm-requirements.lock. */
export const imageVersions = { node: "24.21.0", llama: llamaVersion } as const;

/** GB of the image's root volume: driver and CUDA of the base image take about 60, the engine's environment 15. */
const imageDiskGb = 100;
/** The compile cache is bound to the GPU it was made on, so builds run on the A10G that Gold and Silver prefer. */
const buildInstanceTypes = ["g5.2xlarge"];

/**
 * The image that GPU nodes boot, and the pipeline that builds and tests it. Versions follow from the content, and old ones stay
 * when the stack moves on. A build starts when a person or a workflow starts the pipeline; what it made is a candidate until its
 * AMI id stands in the stack's config as the release.
 *
 * Cost: $1.21 an hour while a build runs, about an hour; $0.05 per GB and month of each AMI's snapshot.
 */
export class GpuImage extends Component {
  readonly pipelineArn: pulumi.Output<string>;

  constructor(name: string, args: GpuImageArgs, opts?: pulumi.ComponentResourceOptions) {
    super("gpu:GpuImage", name, opts);
    const revision = args.revision ?? 1;
    const files = imageFiles();
    const sums = files.find(({ path }) => path === "SHA256SUMS")!;
    const prefix = `gpu-node/${sums.sha256.slice(0, 16)}`;
    const base = args.baseImage ?? readBaseImage(this);
    const uploads = uploadFiles(this);
    const components = createComponents(this);
    const recipe = createRecipe(this);
    const infrastructure = createInfrastructure(this);
    const distribution = createDistribution(this);
    const pipeline = new aws.imagebuilder.ImagePipeline(
      `${name}-pipeline`,
      {
        description: "GPU node: build, test, distribute. It runs when it is started.",
        imageRecipeArn: recipe.arn,
        infrastructureConfigurationArn: infrastructure.arn,
        distributionConfigurationArn: distribution.arn,
        enhancedImageMetadataEnabled: true,
        imageTestsConfiguration: { imageTestsEnabled: true, timeoutMinutes: 90 },
        status: "ENABLED",
      },
      { parent: this, dependsOn: uploads },
    );
    createRetention(this);
    createParameters(this);
    this.pipelineArn = pipeline.arn;
    this.registerOutputs({ pipelineArn: this.pipelineArn });

    function readBaseImage(parent: GpuImage): pulumi.Output<string> {
      void pulumi.log.warn(
        "gpuImage.baseImage is not set; better: the AMI id that the recipe shows, so that a new base image comes by a change of " +
          "config (set in Pulumi.shared.yaml, key game-ai-platform:gpuImage)",
        parent,
      );
      return aws.ssm.getParameterOutput({ name: baseImageParameter }, { parent }).insecureValue;
    }

    /** Old payloads stay: a recipe that is kept would not build without them. */
    function uploadFiles(parent: GpuImage) {
      return files.map(
        (file) =>
          new aws.s3.BucketObjectv2(
            `${name}-file-${file.path.replaceAll("/", "-")}`,
            { bucket: args.artefactBucket, key: `${prefix}/${file.path}`, source: asset(file) },
            { parent, retainOnDelete: true },
          ),
      );
    }

    function createComponents(parent: GpuImage) {
      return componentDocuments().map(({ name: topic, text }) => ({
        topic,
        component: new aws.imagebuilder.Component(
          `${name}-${topic}`,
          {
            platform: "Linux",
            supportedOsVersions: ["Ubuntu 24"],
            version: contentVersion(revision, text),
            data: text,
          },
          { parent, retainOnDelete: true },
        ),
        version: contentVersion(revision, text),
      }));
    }

    function createRecipe(parent: GpuImage) {
      const values = {
        Files: pulumi.interpolate`s3://${args.artefactBucket}/${prefix}`,
        FilesSha256: pulumi.output(sums.sha256),
        LlamaVersion: pulumi.output(imageVersions.llama),
        ModelBucket: pulumi.output(args.modelBucket),
        NodeVersion: pulumi.output(imageVersions.node),
        Profiling: pulumi.output(args.profiling === true ? "yes" : "no"),
        Region: pulumi.output<string>(aws.config.requireRegion()),
      };
      const parametersOf = (topic: string) =>
        (documentParameters[topic] ?? []).map((parameter) => ({ name: parameter, value: values[parameter] }));
      const version = pulumi
        .all([base, pulumi.output(values)])
        .apply(([image, given]) =>
          contentVersion(revision, image, JSON.stringify(given), ...components.map((one) => one.version)),
        );
      return new aws.imagebuilder.ImageRecipe(
        `${name}-recipe`,
        {
          version,
          parentImage: base,
          components: components.map(({ topic, component }) => ({
            componentArn: component.arn,
            parameters: parametersOf(topic),
          })),
          blockDeviceMappings: [
            {
              deviceName: "/dev/sda1",
              ebs: {
                volumeType: "gp3",
                volumeSize: imageDiskGb,
                iops: 3000,
                throughput: 500,
                encrypted: "true",
                deleteOnTermination: "true",
              },
            },
          ],
          systemsManagerAgent: { uninstallAfterBuild: false },
          workingDirectory: "/tmp",
        },
        { parent, retainOnDelete: true },
      );
    }

    function createInfrastructure(parent: GpuImage) {
      const { role, profile } = createInstanceProfile(parent, `${name}-build`, buildStatements(args));
      for (const policy of ["AmazonSSMManagedInstanceCore", "EC2InstanceProfileForImageBuilder"]) {
        new aws.iam.RolePolicyAttachment(
          `${name}-build-${policy}`,
          { role: role.name, policyArn: `arn:aws:iam::aws:policy/${policy}` },
          { parent },
        );
      }
      return new aws.imagebuilder.InfrastructureConfiguration(
        `${name}-infrastructure`,
        {
          instanceProfileName: profile.name,
          instanceTypes: buildInstanceTypes,
          subnetId: args.subnetId,
          securityGroupIds: args.subnetId === undefined ? undefined : [createSecurityGroup(parent, args.subnetId).id],
          terminateInstanceOnFailure: true,
          instanceMetadataOptions: { httpTokens: "required", httpPutResponseHopLimit: 1 },
          logging: { s3Logs: { s3BucketName: args.artefactBucket, s3KeyPrefix: "image-builder" } },
        },
        { parent },
      );
    }

    function createSecurityGroup(parent: GpuImage, subnetId: string) {
      const group = new aws.ec2.SecurityGroup(
        `${name}-build-access`,
        {
          vpcId: aws.ec2.getSubnetOutput({ id: subnetId }, { parent }).vpcId,
          description: "Image builds: nothing comes in",
        },
        { parent },
      );
      new aws.vpc.SecurityGroupEgressRule(
        `${name}-build-out`,
        {
          securityGroupId: group.id,
          cidrIpv4: "0.0.0.0/0",
          ipProtocol: "-1",
          description: "Package archives, registries, AWS APIs",
        },
        { parent },
      );
      return group;
    }

    function createDistribution(parent: GpuImage) {
      return new aws.imagebuilder.DistributionConfiguration(
        `${name}-distribution`,
        {
          distributions: [
            {
              region: aws.config.requireRegion(),
              amiDistributionConfiguration: {
                name: "gaming-gpu-node-{{ imagebuilder:buildDate }}",
                description: "GPU node of the game platform",
                amiTags: { [tagKeys.project]: "game-ai-platform", [tagKeys.managedBy]: "imagebuilder" },
              },
              ssmParameterConfigurations: [
                { parameterName: sharedParameters.gpuImageCandidate, dataType: "aws:ec2:image" },
              ],
            },
          ],
        },
        { parent },
      );
    }

    /** Old images go with their snapshots: the last five stay, and whatever a node was launched from within three months. */
    function createRetention(parent: GpuImage) {
      const role = new aws.iam.Role(
        `${name}-retention`,
        { assumeRolePolicy: assumedBy("imagebuilder.amazonaws.com", parent) },
        { parent },
      );
      const attached = new aws.iam.RolePolicyAttachment(
        `${name}-retention-access`,
        {
          role: role.name,
          policyArn: "arn:aws:iam::aws:policy/service-role/EC2ImageBuilderLifecycleExecutionPolicy",
        },
        { parent },
      );
      new aws.imagebuilder.LifecyclePolicy(
        `${name}-retention-policy`,
        {
          description: "GPU node images: five at most, none that is in use",
          executionRole: role.arn,
          resourceType: "AMI_IMAGE",
          resourceSelection: { recipes: [{ name: recipe.name, semanticVersion: "x.x.x" }] },
          policyDetails: [
            {
              action: { type: "DELETE", includeResources: { amis: true, snapshots: true } },
              filter: { type: "COUNT", value: 5 },
              exclusionRules: { amis: { lastLaunched: { unit: "DAYS", value: 90 } } },
            },
          ],
        },
        { parent, dependsOn: [attached] },
      );
    }

    function createParameters(parent: GpuImage) {
      new aws.ssm.Parameter(
        `${name}-ami`,
        {
          name: sharedParameters.gpuImage,
          type: "String",
          dataType: "aws:ec2:image",
          insecureValue: args.release ?? base,
          description: "AMI that GPU nodes boot",
        },
        { parent },
      );
      new aws.ssm.Parameter(
        `${name}-release`,
        {
          name: sharedParameters.gpuImageRelease,
          type: "String",
          insecureValue: args.release ?? "none",
          description: "Released AMI of GPU nodes, or none",
        },
        { parent },
      );
    }
  }
}

type ParameterName = "Files" | "FilesSha256" | "LlamaVersion" | "ModelBucket" | "NodeVersion" | "Profiling" | "Region";

/** The parameters that each document declares. */
export const documentParameters: Readonly<Record<string, readonly ParameterName[]>> = {
  node: ["NodeVersion"],
  dcgm: ["Profiling"],
  vllm: ["Files", "FilesSha256"],
  agents: ["LlamaVersion"],
  "compile-cache": ["ModelBucket", "Region"],
};

function asset(file: ImageFile): pulumi.asset.Asset {
  return "file" in file ? new pulumi.asset.FileAsset(file.file) : new pulumi.asset.StringAsset(file.text);
}

function buildStatements({ artefactBucket, modelBucket }: GpuImageArgs): Statement[] {
  return [
    {
      sid: "ReadFiles",
      actions: ["s3:GetObject"],
      resources: [
        pulumi.interpolate`arn:aws:s3:::${artefactBucket}/gpu-node/*`,
        pulumi.interpolate`arn:aws:s3:::${modelBucket}/*`,
      ],
    },
    {
      sid: "ListFiles",
      actions: ["s3:ListBucket"],
      resources: [pulumi.interpolate`arn:aws:s3:::${artefactBucket}`, pulumi.interpolate`arn:aws:s3:::${modelBucket}`],
    },
    {
      sid: "WriteLogs",
      actions: ["s3:PutObject"],
      resources: [pulumi.interpolate`arn:aws:s3:::${artefactBucket}/image-builder/*`],
    },
  ];
}
