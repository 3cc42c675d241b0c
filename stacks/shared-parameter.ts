import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";

/** Reads what the shared stack wrote under a path when the stack comes up; none of it is secret. */
export function sharedParameter(path: string, opts: pulumi.InvokeOptions): pulumi.Output<string> {
  return aws.ssm.getParameterOutput({ name: path }, opts).insecureValue;
}
