import type { Command } from "commander";

/** Adds a command to the program. */
type Register = (program: Command) => void;

/**
 * Every command of `platform`, in the order of the help. Each is loaded when it is asked for: what one command needs (a
 * simulator, a browser page) must not slow the start of another.
 */
export const commands: Readonly<Record<string, () => Register>> = {
  up: () => (require("./up") as typeof import("./up")).registerUp,
  down: () => (require("./down") as typeof import("./down")).registerDown,
  events: () => (require("./events") as typeof import("./events")).registerEvents,
  preview: () => (require("./preview") as typeof import("./preview")).registerPreview,
  review: () => (require("./review") as typeof import("./review")).registerReview,
  cost: () => (require("./cost") as typeof import("./cost")).registerCost,
  prices: () => (require("./prices") as typeof import("./prices")).registerPrices,
  report: () => (require("./report") as typeof import("./report")).registerReport,
  explain: () => (require("./explain") as typeof import("./explain")).registerExplain,
  model: () => (require("./model") as typeof import("./model")).registerModel,
  new: () => (require("./new") as typeof import("./new")).registerNew,
  document: () => (require("./document") as typeof import("./document")).registerDocument,
  ephemeral: () => (require("./ephemeral") as typeof import("./ephemeral")).registerEphemeral,
  simulate: () => (require("./simulate") as typeof import("./simulate")).registerSimulate,
};
