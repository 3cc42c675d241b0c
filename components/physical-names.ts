import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { physicalName } from "./names";

/**
 * The name of a resource whose type has no usable prefix property: the naming module's part and six random digits that change
 * when one of the keepers does, so that a replacement is made before its predecessor goes.
 * @param keepers The properties of the resource that force its replacement.
 */
export function suffixedName(
  parent: pulumi.Resource,
  type: string,
  logicalName: string,
  keepers: Readonly<Record<string, pulumi.Input<string>>>,
): pulumi.Output<string> {
  const { value } = physicalName(type, pulumi.getStack(), logicalName)!;
  const suffix = new random.RandomId(`${logicalName}-suffix`, { byteLength: 3, keepers: { ...keepers } }, { parent });
  return pulumi.interpolate`${value}-${suffix.hex}`;
}

/** The whole name of a resource whose type's rule is a fixed name, for constructors that ask for it. */
export function fixedName(type: string, logicalName: string): string {
  return physicalName(type, pulumi.getStack(), logicalName)!.value;
}
