import { childMaker, type Derivable, omit, outputOf } from "../../expansion";
import type { ExpansionScope } from "../../plugin";
import type { PropertyMap, RecordedResource } from "../../types";
import { refuseBoth } from "./arguments";
import { shortHash } from "./names";

export interface Role {
  readonly made?: RecordedResource;
  readonly arn?: Derivable;
}

/** The role that a component makes with its policies, unless it is told to skip it, or is given one. */
export async function makeRole(
  scope: ExpansionScope,
  parent: RecordedResource | undefined,
  name: string,
  given: PropertyMap,
  defaults: Readonly<Record<string, Derivable>>,
): Promise<Role> {
  refuseBoth({ roleArn: given.roleArn, args: given.args });
  if (given.skip === true) return {};
  if (given.roleArn !== undefined) return { arn: given.roleArn };
  const make = childMaker(scope);
  const args = { ...defaults, ...((given.args ?? {}) as PropertyMap) } as PropertyMap;
  const role = await make("aws:iam/role:Role", name, omit(args, ["policyArns"]), { parent });
  for (const policyArn of (args.policyArns as string[] | undefined) ?? []) {
    const inputs = { role: outputOf(role, "name"), policyArn };
    const attachment = `${name}-${shortHash(policyArn)}`;
    await make("aws:iam/rolePolicyAttachment:RolePolicyAttachment", attachment, inputs, { parent });
  }
  return { made: role, arn: outputOf(role, "arn") };
}
