import { NotFound } from "../items/errors";
import { type Database, sqlState } from "./types";

/** SQLSTATE with which the database refuses a transaction inside a world that is not there. */
const unknownWorld = "KB404";

/** Says of a transaction in an unknown world that there is no such world, whatever it was about to do. */
export function refusingUnknownWorlds(database: Database): Database {
  return {
    ...database,
    transaction: (scope, work) =>
      database.transaction(scope, work).catch((error: unknown) => {
        throw sqlState(error) === unknownWorld ? new NotFound("world") : error;
      }),
  };
}
