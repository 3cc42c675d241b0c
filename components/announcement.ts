import * as aws from "@pulumi/aws";
import type * as pulumi from "@pulumi/pulumi";
import { Component } from "./component";

export interface AnnouncementArgs {
  /** One of contracts/shared-parameters.ts. */
  readonly path: string;
  /** Never a secret. */
  readonly value: pulumi.Input<string>;
}

/** A value of the shared stack that environments read under a fixed path of SSM. */
export class Announcement extends Component {
  constructor(name: string, { path, value }: AnnouncementArgs, opts?: pulumi.ComponentResourceOptions) {
    super("shared:Announcement", name, opts);
    new aws.ssm.Parameter(`${name}-parameter`, { name: path, type: "String", value }, { parent: this });
    this.registerOutputs({});
  }
}
