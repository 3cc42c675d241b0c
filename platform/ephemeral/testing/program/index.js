const aws = require("@pulumi/aws");
const pulumi = require("@pulumi/pulumi");

// Tags as stacks/account.ts puts them on everything; the life is what `platform ephemeral up` wrote.
const life = new pulumi.Config("game-ai-platform").getObject("lifetime") ?? {};
const tags = {
  Project: "game-ai-platform",
  Stack: pulumi.getStack(),
  ExpiresAt: life.expiresAt ?? "",
  Owner: life.owner ?? "",
};
const provider = new aws.Provider("aws", { region: "us-east-1", defaultTags: { tags } });
const opts = { provider };
const layers = Number(new pulumi.Config().get("layers") ?? 4);
const password = new pulumi.Config().getSecret("password");

const vpc = new aws.ec2.Vpc("vpc", { cidrBlock: "10.30.0.0/16" }, opts);
let before = [vpc];
for (let layer = 0; layer < layers; layer += 1) {
  const own = { provider, dependsOn: before };
  const role = new aws.iam.Role(
    `role-${layer}`,
    {
      name: `gaming-${pulumi.getStack()}-role-${layer}`,
      assumeRolePolicy: JSON.stringify({
        Version: "2012-10-17",
        Statement: [
          {
            Effect: "Allow",
            Principal: { Service: "ecs-tasks.amazonaws.com" },
            Action: "sts:AssumeRole",
            Condition: { StringEquals: { "aws:SourceAccount": "123456789012" } },
          },
        ],
      }),
    },
    own,
  );
  const subnet = new aws.ec2.Subnet(`subnet-${layer}`, { vpcId: vpc.id, cidrBlock: `10.30.${layer}.0/24` }, own);
  const group = new aws.cloudwatch.LogGroup(`logs-${layer}`, { retentionInDays: 7 }, own);
  const parameter = new aws.ssm.Parameter(`parameter-${layer}`, { type: "String", value: `layer ${layer}` }, own);
  const namespace = new aws.servicediscovery.HttpNamespace(`namespace-${layer}`, {}, own);
  before = [role, subnet, group, parameter, namespace];
}

exports.url = pulumi.interpolate`http://${vpc.id}.example.com`;
exports.password = password;
