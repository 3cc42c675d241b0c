import assert from "node:assert/strict";
import { killRelays } from "./testing/kill-relays";
import { notes, notesContract } from "./testing/notes";
import { noEvents } from "./testing/quiet";
import { startTestService } from "./testing/start";

describe("200 relays that are killed between publishing and noting it", () => {
  it("lose no event, and none is applied twice", async () => {
    const service = await startTestService(notesContract, notes, { environment: noEvents });
    try {
      const outcome = await killRelays(service, 200);
      console.log(JSON.stringify(outcome));
      assert.deepEqual([outcome.kills, outcome.lost, outcome.twice], [200, 0, 0]);
    } finally {
      await service.close();
    }
  });
});
