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
