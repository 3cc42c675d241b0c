import * as pulumi from "@pulumi/pulumi";
import { InputError } from "../contracts/input-error";
import type { Finding } from "./gpu-checks";

/**
 * Stops at the first finding that refuses, and prints the others with the preview.
 * @param key Config key that the findings' paths are under, for example `gpu.gold`.
 * @param where File and key in which it is set.
 * @throws InputError
 */
export function reportFindings(
  findings: readonly Finding[],
  key: string,
  where: string,
  resource?: pulumi.Resource,
): void {
  const refused = findings.find(({ level }) => level === "refuse");
  if (refused !== undefined) {
    throw new InputError({ path: `${key}.${refused.path}`, given: refused.given, allowed: refused.allowed, where });
  }
  for (const { path, given, allowed } of findings) {
    const value = given === undefined ? "not set" : JSON.stringify(given);
    void pulumi.log.warn(`${key}.${path} is ${value}; better: ${allowed} (set in ${where})`, resource);
  }
}
