import { createHash } from "node:crypto";
import { DeclaredOutputs } from "./declared-outputs";
import type { PropertyMap, Urn } from "./types";

/**
 * Stand-ins for outputs that only the cloud knows. Handed to a program instead of "unknown", they let it build its texts (task
 * definitions, policies, user data), so that two runs can be compared to the last word. A stand-in names its resource by a hash
 * of the URN and its output, and has the shape of what it stands for: an ARN, hexadecimal digits, or an identifier.
 */
export interface Reference {
  /** First 16 hexadecimal digits of the SHA-256 of the URN. */
  readonly resource: string;
  readonly output: string;
}

const pattern = /(?:arn:aws:ref:us-east-1:123456789012:)?ref-([0-9a-f]{16})-([A-Za-z0-9]+)/g;

export const resourceHash = (urn: Urn): string => createHash("sha256").update(urn).digest("hex").slice(0, 16);

/** The stand-in for one output of a resource. */
export function standIn(urn: Urn, output: string): string {
  const plain = `ref-${resourceHash(urn)}-${output}`;
  return /^arn$|Arn$/.test(output) ? `arn:aws:ref:us-east-1:123456789012:${plain}` : plain;
}

/** A copy of a text in which every stand-in is replaced by what `change` makes of it. */
export function replaceReferences(text: string, change: (reference: Reference, standIn: string) => string): string {
  if (!text.includes("ref-")) return text;
  return text.replaceAll(pattern, (found, resource: string, output: string) => change({ resource, output }, found));
}

/** Makes the stand-ins of resources from the type declarations of the SDK that the program uses. */
export class StandIns {
  private readonly declared: DeclaredOutputs;

  constructor(projectDir: string) {
    this.declared = new DeclaredOutputs(projectDir);
  }

  /** Stand-ins for every text output of a type, and for its id; values that random generates have the length they will have. */
  of(urn: Urn, type: string, inputs: PropertyMap): PropertyMap & { readonly id: string } {
    const texts = this.declared.of(type).filter((output) => output.type === "string");
    const made = Object.fromEntries(texts.map(({ name }) => [name, standIn(urn, name)]));
    return { ...made, ...listed(urn, type, inputs), ...generated(urn, type, inputs), id: standIn(urn, "id") };
  }
}

/** The secret that RDS makes for itself, which it lists. */
function listed(urn: Urn, type: string, inputs: PropertyMap): PropertyMap {
  if (type !== "aws:rds/instance:Instance" || inputs.manageMasterUserPassword !== true) return {};
  return { masterUserSecrets: [{ secretArn: standIn(urn, "masterUserSecretArn") }] };
}

/** What `RandomId` generates, in the length that it will have: names are cut and checked by it. Not marked as a stand-in. */
export function generated(urn: Urn, type: string, inputs: PropertyMap): PropertyMap {
  if (type !== "random:index/randomId:RandomId" || typeof inputs.byteLength !== "number") return {};
  const digits = createHash("sha256").update(urn).digest("hex");
  return { hex: digits.slice(0, inputs.byteLength * 2) };
}
