import type { ReplacementRule } from "./rule";

const random = "https://github.com/hashicorp/terraform-provider-random/blob/main/internal/provider/";
const password = [
  "keepers",
  "length",
  "lower",
  "minLower",
  "minNumeric",
  "minSpecial",
  "minUpper",
  "number",
  "numeric",
  "overrideSpecial",
  "special",
  "upper",
];

/** What is not of the AWS provider: random values, providers, and Pulumi's own. */
export const otherPackages = {
  "random:index/randomId:RandomId": {
    replaces: ["byteLength", "keepers", "prefix"],
    source: `${random}resource_id.go`,
  },
  "random:index/randomString:RandomString": { replaces: password, source: `${random}resource_string.go` },
  "random:index/randomPassword:RandomPassword": { replaces: password, source: `${random}resource_password.go` },
  "random:index/randomPet:RandomPet": {
    replaces: ["keepers", "length", "prefix", "separator"],
    source: `${random}resource_pet.go`,
  },
  "random:index/randomUuid:RandomUuid": { replaces: ["keepers"], source: `${random}resource_uuid.go` },
  "random:index/randomInteger:RandomInteger": {
    replaces: ["keepers", "max", "min", "seed"],
    source: `${random}resource_integer.go`,
  },
  "random:index/randomShuffle:RandomShuffle": {
    replaces: ["inputs", "keepers", "resultCount", "seed"],
    source: `${random}resource_shuffle.go`,
  },
  "pulumi:providers:aws": {
    replaces: ["region"],
    source: "https://github.com/pulumi/pulumi-aws/blob/master/provider/resources.go",
  },
  "pulumi:providers:awsx": { replaces: [], source: "https://github.com/pulumi/pulumi-awsx" },
  "pulumi:providers:random": { replaces: [], source: "https://github.com/pulumi/pulumi-random" },
  "pulumi:pulumi:StackReference": {
    replaces: ["name"],
    source: "https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/builtins.go",
  },
} as const satisfies Record<string, ReplacementRule>;
