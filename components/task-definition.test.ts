import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { containerDefinitions } from "./task-definition";

const logs = { group: "/gaming-dev-kb", region: "us-east-1" };

describe("components/task-definition", () => {
  it("writes containers sorted and explicit, the service after its migration", () => {
    const text = JSON.stringify(
      containerDefinitions([
        {
          name: "knowledge-base",
          image: "repository/knowledge-base@sha256:00",
          port: { name: "http", number: 8090 },
          environment: { PORT: "8090", DB_HOST: "db", AWS_REGION: "us-east-1" },
          secrets: { KB_KEY: "arn:b", API_KEY: "arn:a" },
          healthCommand: ["CMD", "node", "-e", "0"],
          after: ["migrate"],
          logs,
          stopTimeout: 60,
        },
        {
          name: "a-migration",
          image: "repository/knowledge-base@sha256:00",
          command: ["migrate"],
          user: "1000:1000",
          environment: {},
          secrets: {},
          essential: false,
          logs,
        },
      ]),
      null,
      1,
    );
    assert.equal(`${text}\n`, readFileSync(join(__dirname, "golden", "containers.json"), "utf8"));
  });
});
