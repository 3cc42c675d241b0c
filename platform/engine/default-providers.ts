import { EvaluationError } from "./errors";
import type { PropertyMap, RecordedResource } from "./types";
import { isProviderType, makeUrn, parseUrn } from "./urn";
import { unknownValue } from "./values";

/** A provider package as a resource asks for it. */
export interface PackageRequest {
  readonly name: string;
  readonly version?: string;
  readonly downloadUrl?: string;
}

/**
 * The default providers of a stack: one per package and version, made from the package's config when a resource without an
 * explicit provider first needs it, and named as the CLI names them (`default_7_48_0`).
 */
export class DefaultProviders {
  private readonly references = new Map<string, string>();

  constructor(
    private readonly stack: string,
    private readonly project: string,
    private readonly config: Readonly<Record<string, string>>,
    private readonly record: (provider: RecordedResource) => RecordedResource,
  ) {}

  /** The reference `<urn>::<id>` of the default provider for a package. */
  reference(request: PackageRequest): string {
    const name = defaultName(request);
    const type = `pulumi:providers:${request.name}`;
    const urn = makeUrn(this.stack, this.project, undefined, type, name);
    const known = this.references.get(urn);
    if (known !== undefined) return known;
    if (this.isDisabled(request.name)) {
      throw new EvaluationError(
        "engine",
        `the default provider of package ${request.name} is disabled by pulumi:disable-default-providers; give the resource a provider`,
      );
    }
    const inputs = this.inputs(request);
    const { id } = this.record({
      urn,
      type,
      name,
      custom: true,
      external: false,
      inputs,
      outputs: inputs,
      dependencies: [],
      propertyDependencies: {},
      options: {},
    });
    const reference = `${urn}::${id ?? unknownValue}`;
    this.references.set(urn, reference);
    return reference;
  }

  private inputs(request: PackageRequest): PropertyMap {
    const prefix = `${request.name}:`;
    const inputs: PropertyMap = {};
    for (const [key, value] of Object.entries(this.config)) {
      if (key.startsWith(prefix)) inputs[key.slice(prefix.length)] = value;
    }
    return { ...inputs, ...pluginInputs(request) };
  }

  private isDisabled(name: string): boolean {
    const text = this.config["pulumi:disable-default-providers"];
    if (text === undefined) return false;
    const names: unknown = JSON.parse(text);
    return Array.isArray(names) && (names.includes("*") || names.includes(name));
  }
}

/**
 * The plugin of a provider as the engine keeps it among the provider's inputs.
 * https://github.com/pulumi/pulumi/blob/master/pkg/resource/deploy/providers/registry.go
 */
export function pluginInputs({ version, downloadUrl }: Omit<PackageRequest, "name">): PropertyMap {
  return {
    __internal: downloadUrl === undefined ? {} : { pluginDownloadURL: downloadUrl },
    ...(version === undefined ? {} : { version }),
  };
}

/** True for a provider that the engine made by itself and that trees do not show. */
export function isDefaultProvider(resource: Pick<RecordedResource, "type" | "urn">): boolean {
  return isProviderType(resource.type) && /^default(_|$)/.test(parseUrn(resource.urn).name);
}

function defaultName({ version, downloadUrl }: PackageRequest): string {
  const parts = ["default", version, downloadUrl].filter((part) => part !== undefined);
  return parts.join("_").replace(/[^A-Za-z0-9_-]/g, "_");
}
