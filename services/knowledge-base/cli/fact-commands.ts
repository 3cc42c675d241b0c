import type { Command } from "commander";
import { InputError } from "../../../contracts/input-error";
import { deciders, factStatuses } from "../../../contracts/story";
import { wholeNumber } from "../../../runtime/command-line";
import { canon, everything, insideWorld } from "../database/types";
import { NotFound } from "../items/errors";
import { type Decision, decideFact, type Fact, type FactInput, listFacts, proposeFact } from "../items/facts";
import type { Library } from "../library";
import { checkUuid, checkWorld, withLibrary, withStoredLibrary } from "./library";
import { print } from "./output";

interface NewFact {
  dataDir?: string;
  world?: string;
  statement?: string;
  knownBy?: string[];
  from?: string;
  until?: string;
  exclusive: boolean;
  replaces?: string[];
  by: string;
  json: boolean;
}

/** facts list, propose, add, decide. */
export function addFactCommands(program: Command): void {
  const facts = program.command("facts").description("Facts that hold for a time: list, propose, add, decide.");

  facts
    .command("list")
    .description("List the facts that hold, or proposals.")
    .option("--data-dir <folder>", "folder of the embedded database")
    .option("--world <id>", "world to look in beside the canon")
    .option("--subject <name>", "only facts of this subject")
    .option("--predicate <words>", "only facts with this predicate")
    .option("--status <status>", factStatuses.join(", "), "accepted")
    .option("--known-by <name>", "only what this one knows of")
    .option("--at <time>", "ISO 8601 story time at which they hold (default: now)")
    .option("--history", "also what no longer holds, or does not yet", false)
    .option("--limit <number>", "facts shown", wholeNumber("--limit", 1), 100)
    .option("--json", "print JSON", false)
    .action(
      async ({ dataDir, world, json, ...asked }: { dataDir?: string; world?: string; json: boolean } & Listed) => {
        const filter = { ...asked, status: oneOf(factStatuses, asked.status, "status"), at: time(asked.at, "at") };
        const found = await withStoredLibrary(dataDir, async ({ database }) => {
          await checkWorld(database, world);
          const scope = world === undefined ? canon : insideWorld(world);
          return database.transaction(scope, (session) => listFacts(session, filter));
        });
        print(json, { facts: found }, () => (found.length === 0 ? ["no facts"] : found.map(line)));
      },
    );

  for (const name of ["propose", "add"] as const) {
    facts
      .command(`${name} <subject> <predicate> <object>`)
      .description(
        name === "propose"
          ? "Propose a fact; nobody finds it before it is accepted."
          : "Propose a fact and accept it at once.",
      )
      .requiredOption("--by <person>", "who says so")
      .option("--data-dir <folder>", "folder of the embedded database")
      .option("--world <id>", "world that it belongs to (default: the canon)")
      .option("--statement <sentence>", "as a sentence (default: subject, predicate and object in a row)")
      .option("--known-by <names...>", "who knows of it (default: everybody)")
      .option("--from <time>", "ISO 8601 story time from which it holds (default: now)")
      .option("--until <time>", "ISO 8601 story time at which it ends")
      .option("--exclusive", "its subject has one object at a time: it ends the one before", false)
      .option("--replaces <ids...>", "facts whose place it takes")
      .option("--json", "print JSON", false)
      .action(async (subject: string, predicate: string, object: string, flags: NewFact) => {
        for (const id of flags.replaces ?? []) checkUuid(id, "replaces");
        const input: FactInput = {
          worldId: flags.world,
          subject: text(subject, 255, "subject"),
          predicate: text(predicate, 100, "predicate"),
          object: text(object, 1000, "object"),
          statement: flags.statement === undefined ? undefined : text(flags.statement, 5000, "statement"),
          knownBy: flags.knownBy,
          validFrom: time(flags.from, "from"),
          validUntil: time(flags.until, "until"),
          exclusive: flags.exclusive,
          replaces: flags.replaces,
          provenance: { person: flags.by, through: `kb facts ${name}` },
        };
        const fact = await withLibrary(flags.dataDir, async ({ database, indexer }) => {
          await checkWorld(database, flags.world);
          const scope = flags.world === undefined ? everything : insideWorld(flags.world);
          const proposed = await known("replaces", flags.replaces?.join(" "), () => proposeFact(indexer, scope, input));
          if (name === "propose") return proposed;
          return decideFact(indexer, scope, proposed.id, { accept: true, kind: "person", by: flags.by });
        });
        print(flags.json, fact, () => [line(fact)]);
      });
  }

  facts
    .command("decide <id> <verdict>")
    .description("Accept or reject a proposal, for good; the verdict is accept or reject.")
    .requiredOption("--by <name>", "the person or rule whose word it is")
    .option("--kind <kind>", deciders.join(" or "), "person")
    .option("--reason <words>", "why")
    .option("--data-dir <folder>", "folder of the embedded database")
    .option("--json", "print JSON", false)
    .action(
      async (
        id: string,
        verdict: string,
        flags: { by: string; kind: string; reason?: string; dataDir?: string; json: boolean },
      ) => {
        checkUuid(id, "id");
        const decision: Decision = {
          accept: oneOf(["accept", "reject"], verdict, "verdict") === "accept",
          kind: oneOf(deciders, flags.kind, "kind"),
          by: text(flags.by, 255, "by"),
          reason: flags.reason,
        };
        const decide = ({ indexer }: Library) => known("id", id, () => decideFact(indexer, everything, id, decision));
        const fact = await withStoredLibrary(flags.dataDir, decide);
        print(flags.json, fact, () => [line(fact)]);
      },
    );
}

interface Listed {
  subject?: string;
  predicate?: string;
  status: string;
  knownBy?: string;
  at?: string;
  history: boolean;
  limit: number;
}

function line({ id, statement, status, validFrom, validUntil, knownBy }: Fact): string {
  const end = validUntil === null ? "" : ` until ${validUntil.toISOString()}`;
  const who = knownBy === null ? "" : `; known by ${knownBy.join(", ")}`;
  return `${id} ${status}: ${statement} (from ${validFrom.toISOString()}${end}${who})`;
}

function oneOf<T extends string>(allowed: readonly T[], given: string, path: string): T {
  const found = allowed.find((one) => one === given);
  if (found === undefined) throw new InputError({ path, given, allowed: allowed.join(", "), where: "kb facts" });
  return found;
}

function text(given: string, most: number, path: string): string {
  if (given.trim() !== "" && given.length <= most) return given;
  throw new InputError({ path, given, allowed: `1 to ${most} characters`, where: "kb facts" });
}

function time(given: string | undefined, path: string): string | undefined {
  if (given === undefined || !Number.isNaN(Date.parse(given))) return given;
  throw new InputError({ path, given, allowed: "an ISO 8601 time", where: `--${path}` });
}

/** Says of a fact that is not there that what was typed is wrong. */
async function known<T>(path: string, given: string | undefined, work: () => Promise<T>): Promise<T> {
  return work().catch((error: unknown) => {
    if (!(error instanceof NotFound)) throw error;
    throw new InputError({ path, given, allowed: "a fact of this memory", where: "kb facts list" });
  });
}
