import { killedIngestion } from "../testing/kill";

describe("an ingestion that is killed, fifty times", () => {
  for (let seed = 1; seed <= 10; seed += 1) {
    it(`comes to the same end with seed ${seed}`, async function () {
      this.timeout(600_000);
      await killedIngestion(seed * 7_919, 5, 24);
    });
  }
});
