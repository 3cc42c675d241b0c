import { childMaker, type Derivable, defined, derive, expansionOf, lookUp, outputOf } from "../../expansion";
import type { Expansion, ExpansionScope } from "../../plugin";
import type { PropertyMap, PropertyValue } from "../../types";
import { parseUrn } from "../../urn";
import { flattenOutputValues, isUnknown, unknownValue } from "../../values";
import { shortHash } from "./names";

/**
 * Expands `awsx:ecr:Image` into the image that is built; nothing is built here. While the repository is unknown, as in the preview
 * of a new stack, the provider makes no child.
 */
export async function expandImage(scope: ExpansionScope): Promise<Expansion> {
  const { args } = scope;
  const { repositoryUrl = unknownValue, context, dockerfile, args: buildArgs, imageName, imageTag, platform } = args;
  const { stack } = parseUrn(scope.urn);
  const derived = derive(
    [imageName, imageTag, context, dockerfile, buildArgs],
    (name?: string, tag?: string, folder?: string, file?: string, given?: PropertyMap) =>
      name || tag || `${shortHash(signature(folder, file, given) + stack)}-container`,
  );
  const name = flattenOutputValues(derived ?? unknownValue);
  const isUnknownRepository = isUnknown(flattenOutputValues(repositoryUrl));
  if (isUnknownRepository || isUnknown(name) || typeof name !== "string") {
    return expansionOf({ imageUri: derive([repositoryUrl, derived], () => undefined) ?? unknownValue });
  }
  const reference = derive([repositoryUrl], (url: string) => `${url}:${name}`);
  const cacheFrom = derive([args.cacheFrom, reference], (given: string[] | undefined, own: string) =>
    (given === undefined || given.length === 0 ? [own] : given).map((ref) => ({ registry: { ref } })),
  );
  const image = await childMaker(scope)("docker-build:index:Image", name, {
    tags: [reference ?? unknownValue],
    buildArgs,
    cacheFrom,
    cacheTo: [{ inline: {} }],
    context: { location: context ?? "." },
    dockerfile: defined({ location: dockerfile }),
    platforms: platform === undefined ? [] : [platform],
    target: args.target,
    push: true,
    buildOnPreview: true,
    network: "default",
    registries: [await credentials(scope, args.registryId, repositoryUrl)],
  });
  return expansionOf({
    imageUri: derive([repositoryUrl, outputOf(image, "digest")], (url: string, digest: string) => `${url}@${digest}`),
  });
}

/** What the name of an image without one is made of. */
function signature(context = ".", dockerfile = "", buildArgs: PropertyMap = {}): string {
  const file = dockerfile === "" ? "" : `;dockerfile=${dockerfile}`;
  return (
    context +
    file +
    Object.entries(buildArgs)
      .map(([key, value]) => `;arg[${key}]=${String(value)}`)
      .join("")
  );
}

async function credentials(
  scope: ExpansionScope,
  registryId: Derivable,
  repositoryUrl: PropertyValue,
): Promise<PropertyValue> {
  const token = (output: string): Promise<PropertyValue> =>
    lookUp(
      scope,
      "aws:ecr/getAuthorizationToken:getAuthorizationToken",
      registryId ?? repositoryUrl,
      // The account is the first part of the host.
      (known) => ({
        registryId:
          String(known)
            .replace(/^https:\/\//, "")
            .split(/[./]/)[0] ?? "",
      }),
      output,
    );
  const parts = [await token("proxyEndpoint"), await token("userName"), await token("password")];
  return (
    derive(parts, (address: string, username: string, password: string) => ({ address, username, password })) ??
    unknownValue
  );
}
