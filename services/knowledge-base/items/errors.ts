/** What was asked for does not exist, or not for this asker; the two are not told apart. */
export class NotFound extends Error {
  override readonly name = "NotFound";
  constructor(what: string) {
    super(`no such ${what}`);
  }
}

/** Something of that name is there already. */
export class Conflict extends Error {
  override readonly name = "Conflict";
}

/** It has another version than the one that a change was meant for. */
export class OtherVersion extends Error {
  override readonly name = "OtherVersion";
  /** @param version What it has now */
  constructor(readonly version: number | string) {
    super(`it has version ${version} now`);
  }
}

/** Versions that a change or a removal was meant for. Absent: any. */
export type Expected = readonly string[] | undefined;

/** @throws OtherVersion unless the version is one of those expected */
export function expectVersion(expected: Expected, version: number | string): void {
  if (expected !== undefined && !expected.includes(String(version))) throw new OtherVersion(version);
}
