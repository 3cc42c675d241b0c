import assert from "node:assert/strict";
import { CallFailed } from "./client";
import { notes, notesContract } from "./testing/notes";
import { noEvents } from "./testing/quiet";
import { startTestService } from "./testing/start";

const clients = 50;
const writes = 10_000;

describe("10,000 conditional writes by 50 clients", () => {
  it("lose no update", async () => {
    const environment = noEvents;
    const service = await startTestService(notesContract, notes, { environment });
    const other = await startTestService(notesContract, notes, { environment, place: service.place });
    try {
      const ids: string[] = [];
      for (let index = 0; index < 10; index += 1)
        ids.push((await service.client.makeNote({ body: { words: "counted" } })).body.id);
      let refused = 0;
      await Promise.all(
        Array.from({ length: clients }, async (_, index) => {
          const { client } = index % 2 === 0 ? service : other;
          for (let done = 0; done < writes / clients; ) {
            const id = ids[(index + done) % ids.length]!;
            const { body } = await client.getNote({ params: { id } });
            try {
              await client.countNote({ params: { id }, body: { count: body.count + 1 }, ifMatch: body.version });
              done += 1;
            } catch (error) {
              assert.ok(error instanceof CallFailed && error.is("version-mismatch"), String(error));
              refused += 1;
            }
          }
        }),
      );
      const notesNow = await Promise.all(ids.map((id) => service.client.getNote({ params: { id } })));
      const counted = notesNow.reduce((sum, { body }) => sum + body.count, 0);
      console.log(JSON.stringify({ writes, clients, counted, refused }));
      assert.equal(counted, writes);
    } finally {
      await other.close();
      await service.close();
    }
  });
});
