import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { repositoryNameProblem } from "../catalog/storage";
import { InputError } from "../contracts/input-error";
import { Component } from "./component";
import { product } from "./names";

export interface RegistryArgs {
  /** Services that get a repository. */
  readonly services: readonly string[];
  /** Images that each repository keeps. */
  readonly keepImages: number;
}

/** The repository of a service's images, the same in every account: builds push to it and task definitions name it. */
export function repositoryName(service: string): string {
  return `${product}/${service}`;
}

/**
 * An image repository per service: tags that never move, scanned on push and again when new vulnerabilities become known,
 * encrypted, untagged images gone after two weeks.
 */
export class Registry extends Component {
  readonly urls: Readonly<Record<string, pulumi.Output<string>>>;
  readonly arns: readonly pulumi.Output<string>[];

  constructor(name: string, args: RegistryArgs, opts?: pulumi.ComponentResourceOptions) {
    super("storage:Registry", name, opts);
    new aws.ecr.RegistryScanningConfiguration(
      `${name}-scanning`,
      {
        scanType: "BASIC",
        rules: [
          { scanFrequency: "SCAN_ON_PUSH", repositoryFilters: [{ filter: `${product}/*`, filterType: "WILDCARD" }] },
        ],
      },
      { parent: this },
    );
    const repositories = args.services.map((service) => [service, createRepository(this, service)] as const);
    this.urls = Object.fromEntries(repositories.map(([service, { repositoryUrl }]) => [service, repositoryUrl]));
    this.arns = repositories.map(([, { arn }]) => arn);
    this.registerOutputs({});

    function createRepository(parent: Registry, service: string) {
      const fullName = repositoryName(service);
      const problem = repositoryNameProblem(fullName);
      if (problem !== undefined) {
        throw new InputError({ path: `registry.${service}`, ...problem, where: "stacks/service-catalogue.ts" });
      }
      const repository = new aws.ecr.Repository(
        `${name}-${service}`,
        {
          name: fullName,
          imageTagMutability: "IMMUTABLE",
          imageScanningConfiguration: { scanOnPush: true },
          encryptionConfigurations: [{ encryptionType: "KMS" }],
        },
        { parent, protect: true, retainOnDelete: true },
      );
      new aws.ecr.LifecyclePolicy(
        `${name}-${service}-lifecycle`,
        { repository: repository.name, policy: JSON.stringify(lifecycle(args.keepImages)) },
        { parent },
      );
      return repository;
    }
  }
}

function lifecycle(keepImages: number) {
  return {
    rules: [
      {
        rulePriority: 1,
        description: "Untagged images go after two weeks",
        selection: { tagStatus: "untagged", countType: "sinceImagePushed", countUnit: "days", countNumber: 14 },
        action: { type: "expire" },
      },
      {
        rulePriority: 2,
        description: `Keep the last ${keepImages} images`,
        selection: { tagStatus: "any", countType: "imageCountMoreThan", countNumber: keepImages },
        action: { type: "expire" },
      },
    ],
  };
}
