import { problemTypes } from "../../../contracts/problems";
import { Problem } from "../../../runtime/service/problems";
import { etagOf } from "../../../runtime/service/versions";

/** What was asked for does not exist, or not for this asker; the two are not told apart. */
export class NotFound extends Problem {
  constructor(what: string) {
    super({ name: "not-found", ...problemTypes["not-found"] }, `no such ${what}`);
  }
}

/** Something of that name is there already, or the state does not allow it. */
export class Conflict extends Problem {
  constructor(detail: string) {
    super({ name: "conflict", ...problemTypes.conflict }, detail);
  }
}

/** It has another version than the one that a change was meant for. */
export class OtherVersion extends Problem {
  /** @param version What it has now */
  constructor(version: number | string) {
    const headers = { etag: etagOf(version) };
    super({ name: "version-mismatch", ...problemTypes["version-mismatch"] }, `it has version ${version} now`, {
      headers,
    });
  }
}

/** Versions that a change or a removal was meant for. Absent: any. */
export type Expected = readonly string[] | undefined;

/** @throws OtherVersion unless the version is one of those expected */
export function expectVersion(expected: Expected, version: number | string): void {
  if (expected !== undefined && !expected.includes(String(version))) throw new OtherVersion(version);
}
