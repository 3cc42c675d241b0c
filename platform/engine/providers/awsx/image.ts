import { childMaker, type Derivable, defined, derive, expansionOf, lookUp, outputOf } from "../../expansion";
import type { Expansion, ExpansionScope } from "../../plugin";
import type { PropertyMap, PropertyValue } from "../../types";
import { makeUrn, parseUrn } from "../../urn";
import { flattenOutputValues, isUnknown, unknownValue } from "../../values";
import { shortHash } from "./names";

/**
 * Expands `awsx:ecr:Image` into the image that is built; nothing is built here. The provider makes no child while the repository
 * is unknown, as in the preview of a new stack; here it is made even then, so that an unchanged stack does not seem to lose it.
 */
export async function expandImage(scope: ExpansionScope): Promise<Expansion> {
  const { args } = scope;
  const { repositoryUrl = unknownValue, context, dockerfile, args: buildArgs, imageName, imageTag, platform } = args;
  const { stack, project } = parseUrn(scope.urn);
  const derived = derive(
    [imageName, imageTag, context, dockerfile, buildArgs],
    (name?: string, tag?: string, folder?: string, file?: string, given?: PropertyMap) =>
      name || tag || `${shortHash(signature(folder, file, given) + stack)}-container`,
  );
  const name = flattenOutputValues(derived ?? unknownValue);
  if (name === unknownValue || typeof name !== "string") return expansionOf({ imageUri: derived });
  // Images of one folder have one name; the provider refuses them once they are built, which a preview does not tell.
  const urn = makeUrn(stack, project, scope.urn, "docker-build:index:Image", name);
  if (scope.resource(urn) !== undefined && isUnknown(flattenOutputValues(repositoryUrl))) {
    return expansionOf({ imageUri: unknownValue });
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
