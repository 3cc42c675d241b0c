import { everything } from "../database/types";
import type { Indexer } from "../index/indexer";
import { prepareDocument, type RawDocument } from "../ingest/prepare";
import { putDocument } from "../items/documents";
import { createWorld, type World } from "../items/worlds";

/** A small canon with enough different words to tell passages apart. */
export const stories: Readonly<Record<string, string>> = {
  "01-gate.md":
    "# The Northern Gate\n\n## Guards\n\nCaptain Orsolya guards the northern gate with twelve lancers.\n\n## Toll\n\nMerchants pay a copper toll at dusk.",
  "02-harvest.md":
    "# The Harvest\n\nFarmers of the valley harvest moonwheat in autumn.\n\n| Crop | Month |\n| --- | --- |\n| moonwheat | October |\n| frostbeet | December |",
  "guides/dragon.md": "# The Dragon Veyra\n\nVeyra the dragon sleeps below the glacier and hoards silver bells.",
  "experiences/arena.html":
    "<html><head><title>x</title><script>alert(1)</script></head><body><h1>The Arena</h1><p>Gladiators duel for laurels in the sunken arena.</p></body></html>",
  "notes.txt": "The ferryman rows across the black lake for a song.\n\nNobody has seen his face.",
};

/** Puts documents into the canon or a world. */
export async function tell(
  indexer: Indexer,
  documents: Readonly<Record<string, string>>,
  more: Partial<RawDocument> = {},
): Promise<Record<string, string>> {
  const ids: Record<string, string> = {};
  for (const [file, content] of Object.entries(documents)) {
    const { id } = await putDocument(
      indexer,
      everything,
      prepareDocument({ source: "stories", file, content, ...more }),
    );
    ids[file] = id;
  }
  return ids;
}

export function makeWorld(indexer: Indexer, name: string): Promise<World> {
  return indexer.database.transaction(everything, (session) =>
    createWorld(session, { playerId: `player of ${name}`, name, type: "day" }),
  );
}
