/** What a baseline is, for help texts and errors. */
export const baselineForms =
  "git:REF, an earlier `preview --json`, a `pulumi stack export`, or what `pulumi preview --json` printed, digest or events";
