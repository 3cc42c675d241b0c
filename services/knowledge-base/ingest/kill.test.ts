import { killedIngestion } from "../testing/kill";

describe("an ingestion that is killed", () => {
  it("comes to the same end and embeds nothing again, after five kills at seeded points", async () => {
    await killedIngestion(20_251_108, 5, 8);
  });
});
