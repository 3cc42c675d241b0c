import { z } from "zod";
import { defineEvent } from "./define";

export const engineEvents = {
  "engine.version-registered": defineEvent({
    summary: "An engine version has become known, with the features that it brings.",
    version: 1,
    subject: "the engine version",
    data: z.looseObject({
      version: z.string(),
      stage: z.enum(["preview", "release", "hotfix"]),
      releasedAt: z.iso.datetime({ offset: true }).nullable(),
    }),
  }),
} as const;
