import { createHash } from "node:crypto";

/** The hash that names of awsx end in: eight hexadecimal digits. */
export const shortHash = (text: string): string => createHash("sha1").update(text).digest("hex").slice(0, 8);

export interface Arn {
  readonly service: string;
  readonly region: string;
  readonly resourceType?: string;
  readonly resourceId: string;
}

/** Reads `arn:aws:logs:eu-west-1:123456789012:log-group:name`. @throws Error on what is not an ARN of six or seven parts. */
export function parseArn(arn: string): Arn {
  const parts = arn.split(":");
  const [prefix, , service = "", region = "", , resource = "", id] = parts;
  if (prefix !== "arn" || (parts.length !== 6 && parts.length !== 7)) {
    throw new Error(`arn: ${JSON.stringify(arn)} is not an ARN such as arn:aws:s3:::name`);
  }
  if (id !== undefined) return { service, region, resourceType: resource, resourceId: id };
  const slash = resource.indexOf("/");
  if (slash < 0) return { service, region, resourceId: resource };
  return { service, region, resourceType: resource.slice(0, slash), resourceId: resource.slice(slash + 1) };
}
