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
  constructor(readonly version: number) {
    super(`it has version ${version} now`);
  }
}
