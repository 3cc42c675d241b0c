import type { knowledgeBase } from "../../../contracts/services/knowledge-base";
import { type CursorCodec, type Handlers, type Kit, type Precondition, pageOf } from "../../../runtime/service";
import type { Indexer } from "../index/indexer";
import type { Expected } from "../items/errors";

/** What handlers work with. */
export interface Story {
  readonly indexer: Indexer;
  /** Called after writes, so that the statistical embedder is trained again in time. */
  readonly wrote: () => void;
}

/** Handlers of some of the routes. */
export type StoryHandlers = Partial<Handlers<typeof knowledgeBase, Story, Kit<typeof knowledgeBase>>>;

/** Versions that a write was meant for. */
export const expectedOf = ({ match }: Precondition): Expected => (match === "any" ? undefined : match);

/** A list in the order of a time and an id, page by page. */
export function pages(cursors: CursorCodec, purpose: string) {
  return {
    /** Where a page starts. @throws Problem 400 for a cursor of another list */
    after(cursor: string | undefined) {
      if (cursor === undefined) return undefined;
      const { at, id } = cursors.decode(purpose, cursor);
      return { at: String(at), id: String(id) };
    },
    /** The page of rows that were read one beyond the limit. */
    page: <Row extends { readonly id: string }>(rows: readonly Row[], limit: number, at: (row: Row) => Date) =>
      pageOf(rows, limit, cursors, purpose, (row) => ({ at: at(row).toISOString(), id: row.id })),
  };
}
