import * as pulumi from "@pulumi/pulumi";
import { InputError } from "../contracts/input-error";
import { nameArguments } from "./names";

/** Changes the arguments of one child resource just before it is made: properties to lay over them, or a function that edits them. */
export type Transform<Args> = Partial<Args> | ((args: Args, opts: pulumi.CustomResourceOptions) => void);

/**
 * Applies a transform hook and hands back the arguments of a resource constructor, so that a child is written as
 * `new aws.rds.Instance(...transform(args.transform?.instance, name, { ... }, { parent: this }))`.
 */
export function transform<Args extends object>(
  hook: Transform<Args> | undefined,
  name: string,
  args: Args,
  opts: pulumi.CustomResourceOptions,
): [string, Args, pulumi.CustomResourceOptions] {
  if (hook === undefined) return [name, args, opts];
  if (typeof hook !== "function") return [name, { ...args, ...hook }, opts];
  const edited = { ...args };
  const editedOpts = { ...opts };
  hook(edited, editedOpts);
  return [name, edited, editedOpts];
}

/**
 * Checks a value with a pure function: a plain value at once, an Output when it resolves, and the returned value is gated by the
 * check. The check throws InputError.
 */
export function validated<T>(value: pulumi.Input<T>, check: (value: T) => void): pulumi.Input<T> {
  if (pulumi.Output.isInstance(value) || value instanceof Promise) {
    return pulumi.output(value as pulumi.Input<T>).apply((resolved) => {
      check(resolved as T);
      return resolved as T;
    });
  }
  check(value);
  return value;
}

/**
 * The base of every component here. It registers under `game-ai-platform:<topic>:<Class>` and refuses a child whose logical
 * name does not begin with the component's own, so that a name always tells where a resource belongs; children get their
 * physical names from the naming module.
 */
export abstract class Component extends pulumi.ComponentResource {
  /**
   * @param topic Topic and class, for example `data:Database`.
   * @param name Logical name; every child's logical name begins with it.
   */
  protected constructor(topic: `${string}:${string}`, name: string, opts?: pulumi.ComponentResourceOptions) {
    super(
      `game-ai-platform:${topic}`,
      name,
      {},
      { ...opts, transformations: [requirePrefix(name), applyNames, ...(opts?.transformations ?? [])] },
    );
  }
}

function requirePrefix(prefix: string): pulumi.ResourceTransformation {
  return ({ name, type }) => {
    if (name !== prefix && !name.startsWith(`${prefix}-`)) {
      throw new InputError({
        path: `${prefix} > ${type}`,
        given: name,
        allowed: `a logical name that begins with "${prefix}-"`,
        where: "the component's source",
      });
    }
    return undefined;
  };
}

const applyNames: pulumi.ResourceTransformation = ({ type, name, props, opts }) => {
  const isRead = "id" in opts && opts.id !== undefined;
  return isRead ? undefined : { props: nameArguments(type, pulumi.getStack(), name, props), opts };
};
