import type { ProviderPlugin } from "../plugin";
import { expandVpc } from "./awsx/vpc";

/** Remote components of `@pulumi/awsx` that can be expanded offline. */
export const awsx: ProviderPlugin = {
  components: { "awsx:ec2:Vpc": expandVpc },
};
