import { at, list, type RuleResource } from "../rule";
import { types } from "../types";
import { type Statement, statementsOf } from "./document";

/** What a document decides: what its owner may do, who may take a role, who may use a resource. */
export type DocumentKind = "identity" | "trust" | "resource";

/** Properties that hold IAM documents, by resource type. A path that ends in `[]` and a name is that property of each item. */
const places: Readonly<Record<string, Readonly<Record<string, DocumentKind>>>> = {
  "aws:iam/policy:Policy": { policy: "identity" },
  "aws:iam/rolePolicy:RolePolicy": { policy: "identity" },
  "aws:iam/userPolicy:UserPolicy": { policy: "identity" },
  "aws:iam/groupPolicy:GroupPolicy": { policy: "identity" },
  "aws:ssoadmin/permissionSetInlinePolicy:PermissionSetInlinePolicy": { inlinePolicy: "identity" },
  [types.role]: { assumeRolePolicy: "trust", "inlinePolicies[].policy": "identity" },
  [types.bucket]: { policy: "resource" },
  [types.bucketPolicy]: { policy: "resource" },
  [types.topic]: { policy: "resource" },
  [types.topicPolicy]: { policy: "resource" },
  [types.queue]: { policy: "resource" },
  [types.queuePolicy]: { policy: "resource" },
  [types.key]: { policy: "resource" },
  "aws:kms/keyPolicy:KeyPolicy": { policy: "resource" },
  [types.secret]: { policy: "resource" },
  [types.secretPolicy]: { policy: "resource" },
  [types.registryPolicy]: { policy: "resource" },
  "aws:ecr/registryPolicy:RegistryPolicy": { policy: "resource" },
  "aws:efs/fileSystemPolicy:FileSystemPolicy": { policy: "resource" },
  "aws:backup/vaultPolicy:VaultPolicy": { policy: "resource" },
  "aws:opensearch/domainPolicy:DomainPolicy": { accessPolicies: "resource" },
  "aws:opensearch/domain:Domain": { accessPolicies: "resource" },
  "aws:dynamodb/resourcePolicy:ResourcePolicy": { policy: "resource" },
  "aws:kinesis/resourcePolicy:ResourcePolicy": { policy: "resource" },
  "aws:cloudwatch/logResourcePolicy:LogResourcePolicy": { policyDocument: "resource" },
  "aws:glacier/vault:Vault": { accessPolicy: "resource" },
  "aws:apigateway/restApiPolicy:RestApiPolicy": { policy: "resource" },
  "aws:cloudwatch/eventBusPolicy:EventBusPolicy": { policy: "resource" },
};

/** Types that hold documents of a kind. */
export const typesWith = (kind: DocumentKind): readonly string[] =>
  Object.keys(places).filter((type) => Object.values(places[type]!).includes(kind));

/** The statements of a resource's documents of one kind. */
export function documentsOf({ type, props }: RuleResource, kind: DocumentKind): Statement[] {
  return Object.entries(places[type] ?? {})
    .filter(([, held]) => held === kind)
    .flatMap(([path]) => valuesAt(props, path))
    .flatMap(statementsOf);
}

function valuesAt(props: unknown, path: string): readonly unknown[] {
  const [outer, inner] = path.split("[].");
  if (inner === undefined) return [at(props, path)];
  return list(at(props, outer!)).map((item) => at(item, inner));
}
