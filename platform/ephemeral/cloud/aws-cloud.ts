import { InputError } from "../../../contracts/input-error";
import type { TaggedResource } from "../decisions";
import { type AwsCall, AwsError, valuesOf } from "./aws-call";
import type { Cloud, Removal } from "./cloud";
import { findTagged } from "./find";
import { readQuotas } from "./quotas";
import { parseArn, removalRule } from "./removal";

/** Codes by which AWS says that something is not there any more. */
const goneCodes = /NotFound|NoSuch|NonExistent|DoesNotExist|NotActive|ResourceNotFound|UserNotFoundFault/;
const goneMessages = /not found|does not exist|not exist/i;

/** Codes by which AWS says that something else must go first, or that it is being removed already. */
const waitingCodes =
  /DependencyViolation|InUse|DeleteConflict|Invalid\w*State|ClusterContains|AssociatedItem|OperationNotPermitted|UpdateInProgress|AuthFailure\.NotDetachable|IncorrectState/;

const credentialCodes =
  /CredentialsProviderError|ExpiredToken|InvalidClientTokenId|UnrecognizedClient|SignatureDoesNotMatch|AuthFailure|AccessDenied/;

/** The account that the caller's credentials are of. */
export function awsCloud(aws: AwsCall): Cloud {
  return {
    region: aws.region,
    identity: async () => {
      const answer = await aws.xml("sts", "GetCallerIdentity").catch((error: unknown) => {
        throw credentialProblem(error);
      });
      return { account: valuesOf(answer, "Account")[0] ?? "" };
    },
    find: (stack) => findTagged(aws, stack),
    orderOf: ({ arn }) => removalRule(parseArn(arn))?.order ?? 100,
    remove: (resource) => remove(aws, resource),
    tag: (resources, key, value) => tagResources(aws, resources, key, value),
    quotas: (codes) => readQuotas(aws, codes),
  };
}

async function remove(aws: AwsCall, { arn: whole }: TaggedResource): Promise<Removal> {
  const arn = parseArn(whole);
  const rule = removalRule(arn);
  if (rule?.remove === undefined) return { waits: rule?.lingers ?? "no rule says how to remove it" };
  try {
    if (await rule.isGone?.(aws, arn)) return "gone";
    await rule.remove(aws, arn);
    return rule.lingers === undefined ? "removed" : "started";
  } catch (error) {
    const { name = "", code = name, message = "" } = error as { name?: string; code?: string; message?: string };
    if (goneCodes.test(code) || (code === "ValidationError" && goneMessages.test(message))) return "gone";
    if (waitingCodes.test(code)) return { waits: rule.lingers ?? `something still uses it (${code})` };
    throw error;
  }
}

/** Roles and Auto Scaling groups are tagged by their own services; all else 20 at once, which is what the tagging API takes. */
async function tagResources(
  aws: AwsCall,
  resources: readonly TaggedResource[],
  Key: string,
  Value: string,
): Promise<void> {
  const others: string[] = [];
  for (const { arn: whole, abandoned = false } of resources) {
    const { service, resource } = parseArn(whole);
    const [kind, ...name] = resource.split("/");
    if (service === "iam" && kind === "role") {
      await aws.xml("iam", "TagRole", { RoleName: name.at(-1), Tags: [{ Key, Value }] });
    } else if (service === "autoscaling") {
      const tag = {
        ResourceId: name.join("/"),
        ResourceType: "auto-scaling-group",
        Key,
        Value,
        PropagateAtLaunch: true,
      };
      await aws.xml("autoscaling", "CreateOrUpdateTags", { Tags: [tag] });
    } else if (service !== "scheduler" && !abandoned) others.push(whole);
  }
  for (let index = 0; index < others.length; index += 20) {
    await aws.json("tagging", "TagResources", {
      ResourceARNList: others.slice(index, index + 20),
      Tags: { [Key]: Value },
    });
  }
}

/** A refusal in words that say what to do. */
export function credentialProblem(error: unknown): unknown {
  const { name = "", code = name } = error as { name?: string; code?: string };
  if (!credentialCodes.test(String(code))) {
    if (error instanceof AwsError) return error;
    const cause = (error as { cause?: { code?: string } }).cause?.code ?? (error as Error).message;
    return new InputError({
      path: "AWS",
      given: cause,
      allowed: "an AWS endpoint that answers",
      where: "the network, or AWS_ENDPOINT_URL",
    });
  }
  return new InputError({
    path: "credentials",
    given: /Expired/.test(String(code)) ? "expired" : String(code) === "CredentialsProviderError" ? undefined : code,
    allowed: "valid credentials of the AWS account: `aws sso login`, or AWS_PROFILE, or AWS_ACCESS_KEY_ID",
    where: "the environment",
  });
}
