import assert from "node:assert/strict";
import { CallFailed } from "./client";
import { notes, notesContract } from "./testing/notes";
import { noEvents } from "./testing/quiet";
import { startTestService } from "./testing/start";

const clients = 50;
/** WRITES=2000 makes a shorter run. */
const writes = Number(process.env.WRITES ?? 10_000);
/** Statuses after which the same write is sent again under its key: nobody knows, or nobody had room. */
const again: ReadonlySet<number> = new Set([0, 503, 504]);

describe(`${writes} conditional writes by 50 clients`, () => {
  it("lose no update", async () => {
    const environment = noEvents;
    const service = await startTestService(notesContract, notes, { environment });
    const other = await startTestService(notesContract, notes, { environment, place: service.place });
    try {
      const ids: string[] = [];
      for (let index = 0; index < 10; index += 1)
        ids.push((await service.client.makeNote({ body: { words: "counted" } })).body.id);
      let refused = 0;
      let tries = 0;
      await Promise.all(
        Array.from({ length: clients }, async (_, index) => {
          const { client } = index % 2 === 0 ? service : other;
          for (let done = 0; done < writes / clients; ) {
            const id = ids[(index + done) % ids.length]!;
            const read = await client.getNote({ params: { id } });
            const body = { count: read.body.count + 1 };
            tries += 1;
            const idempotencyKey = `${index}-${tries}`;
            const put = () => client.countNote({ params: { id }, body, ifMatch: read.body.version, idempotencyKey });
            for (let sent = false; !sent; ) {
              sent = await put().then(
                () => {
                  done += 1;
                  return true;
                },
                (error: unknown) => {
                  if (error instanceof CallFailed && again.has(error.status)) return false;
                  assert.ok(error instanceof CallFailed && error.is("version-mismatch"), String(error));
                  refused += 1;
                  return true;
                },
              );
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
