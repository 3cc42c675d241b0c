import * as aws from "@pulumi/aws";
import * as pulumi from "@pulumi/pulumi";
import { policySizeProblem } from "../catalog/iam";
import { deployRoles } from "../contracts/deploy-roles";
import { InputError } from "../contracts/input-error";
import {
  buildStatements,
  type CiScope,
  deployStatements,
  lookStatements,
  type WorkflowRepository,
  workflowTrust,
} from "./ci-policies";
import { Component } from "./component";
import { product } from "./names";
import { policyDocument, policyText, type Statement } from "./policy";

export interface CiRolesArgs extends WorkflowRepository {
  readonly accountId: pulumi.Input<string>;
  readonly region: string;
  readonly stateBucket?: string;
  readonly repositoryArns: readonly pulumi.Input<string>[];
  readonly artefactBucketArn: pulumi.Input<string>;
}

const issuer = "https://token.actions.githubusercontent.com";

/**
 * What workflows sign in with instead of keys: GitHub's OIDC provider, a role that pushes images and artefacts from the main
 * branch, and a role per deployment environment. Pull requests need none, since their preview asks no cloud.
 */
export class CiRoles extends Component {
  readonly roleArns: Readonly<Record<string, pulumi.Output<string>>>;

  constructor(name: string, args: CiRolesArgs, opts?: pulumi.ComponentResourceOptions) {
    super("security:CiRoles", name, opts);
    const provider = new aws.iam.OpenIdConnectProvider(
      `${name}-github`,
      { url: issuer, clientIdLists: ["sts.amazonaws.com"] },
      { parent: this, protect: true },
    );
    const build = createRole(this, "build", "ref:refs/heads/main");
    const objects = pulumi.interpolate`${args.artefactBucketArn}/*`;
    attach(this, "build", build, policyText(buildStatements(args.repositoryArns, args.artefactBucketArn, objects)));
    const deploy = Object.entries(deployRoles).map(([role, { stacks, environment, may }]) => {
      const created = createRole(this, role, `environment:${environment}`);
      const policy = pulumi.output(args.accountId).apply((accountId) => {
        const scope: CiScope = { accountId, region: args.region, stateBucket: args.stateBucket };
        return checkedText(role, may === "look" ? lookStatements(stacks, scope) : deployStatements(stacks, scope));
      });
      attach(this, role, created, policy);
      return [role, created.arn] as const;
    });
    this.roleArns = Object.fromEntries([["build", build.arn], ...deploy]);
    this.registerOutputs({});

    function createRole(parent: CiRoles, role: string, subject: string) {
      return new aws.iam.Role(
        `${name}-${role}`,
        {
          name: `${product}-ci-${role}`,
          description: `Workflows of ${args.repository}: ${role}`,
          maxSessionDuration: 3600,
          assumeRolePolicy: pulumi.jsonStringify(workflowTrust(provider.arn, args, subject)),
        },
        { parent, protect: true },
      );
    }

    function attach(parent: CiRoles, role: string, to: aws.iam.Role, policy: pulumi.Input<string>) {
      new aws.iam.RolePolicy(`${name}-${role}-policy`, { role: to.name, policy }, { parent });
    }
  }
}

function checkedText(role: string, statements: readonly Statement[]): string {
  const text = JSON.stringify(policyDocument(statements));
  const problem = policySizeProblem("inlinePoliciesOfRole", text);
  if (problem !== undefined)
    throw new InputError({ path: `ci.${role}`, ...problem, where: "components/ci-policies.ts" });
  return text;
}
