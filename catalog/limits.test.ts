import assert from "node:assert/strict";
import fc from "fast-check";
import { groupNameProblem, refreshProblem, scalingBoundsProblem, targetTrackingPeriodProblem } from "./auto-scaling";
import { alarmPeriodProblem, logGroupNameProblem, logRetentionDays, logRetentionProblem } from "./cloudwatch";
import { cacheNodesProblem, replicationGroupProblem, valkeyVersionProblem } from "./elasticache";
import { containerHealthProblem, ecsNameProblem, fargateSizeProblem, fargateSizes } from "./fargate";
import { iamLimits, policySizeProblem, roleNameProblem, secretNameProblem } from "./iam";
import { loadBalancerNameProblem, targetGroupNameProblem, targetHealthProblem } from "./load-balancing";
import { queueNameProblem, queueProblem, typeFilterProblem } from "./messaging";
import { outside } from "./problem";
import {
  monitoringIntervalProblem,
  newestPostgres,
  performanceInsightsProblem,
  pgvectorFloor,
  pgvectorProblem,
  rdsIdentifierProblem,
  windowsProblem,
} from "./rds";
import { bucketNameProblem, digestProblem, repositoryNameProblem } from "./storage";
import { endpointBreakEvenGb, ruleCountProblem, securityGroupNameProblem } from "./vpc";

/** Names that must pass and names that must not, by check. */
const names: [string, (name: string) => unknown, string[], string[]][] = [
  [
    "load balancer",
    loadBalancerNameProblem,
    ["a", "edge-1", "x".repeat(32)],
    ["", "-a", "a-", "internal-a", "a_b", "x".repeat(33)],
  ],
  ["target group", targetGroupNameProblem, ["internal-a"], ["a-", "x".repeat(33)]],
  ["ECS", ecsNameProblem, ["a_B-1"], ["a.b", ""]],
  ["RDS identifier", rdsIdentifierProblem, ["db-1"], ["1db", "a--b", "a-", "DB", "x".repeat(64)]],
  ["replication group", replicationGroupProblem, ["cache-1"], ["1cache", "a--b", "x".repeat(41)]],
  ["queue", queueNameProblem, ["weather", "weather.fifo"], ["a.b", "x".repeat(81)]],
  ["bucket", bucketNameProblem, ["models-1"], ["ab", "Models", "10.0.0.1", "a..b", "xn--a", "a-s3alias"]],
  ["repository", repositoryNameProblem, ["gaming/ai-router"], ["A", "a/", "/a"]],
  ["log group", logGroupNameProblem, ["/a/b#1"], ["a b", ""]],
  ["role", roleNameProblem, ["a+b=c,d.e@f_g-h"], ["a b", "x".repeat(65)]],
  ["secret", secretNameProblem, ["a/b_c"], ["name-abc123", "a b"]],
  ["security group", securityGroupNameProblem, ["services (tasks)"], ["sg-1", 'a"b']],
  ["Auto Scaling group", groupNameProblem, ["gold-1"], ["a:b", "a b"]],
];

describe("catalog limits", () => {
  for (const [what, problem, good, bad] of names) {
    it(`takes and refuses ${what} names as AWS does`, () => {
      for (const name of good) assert.equal(problem(name), undefined, name);
      for (const name of bad) assert.ok(problem(name), name);
    });
  }

  it("says what is allowed", () => {
    assert.deepEqual(outside(4, { min: 5, max: 300, unit: "seconds" }), {
      given: 4,
      allowed: "a whole number from 5 to 300 seconds",
    });
    assert.ok(outside(5.5, { min: 5, max: 300 }));
  });

  describe("Fargate", () => {
    it("offers 8 and 16 vCPU in steps of 4 and 8 GB", () => {
      assert.equal(fargateSizeProblem(8192, 20480), undefined);
      assert.deepEqual(fargateSizeProblem(8192, 21504)?.given, 21504);
      assert.ok(fargateSizeProblem(16384, 33 * 1024));
    });

    it("lists memory rising, in whole GiB from half a vCPU on", () => {
      for (const [cpu, memories] of Object.entries(fargateSizes)) {
        assert.deepEqual(
          [...memories].sort((a, b) => a - b),
          [...memories],
        );
        if (Number(cpu) > 256) assert.ok(memories.every((memory) => memory % 1024 === 0));
        for (const memory of memories) assert.equal(fargateSizeProblem(Number(cpu), memory), undefined);
      }
    });

    it("names the memory sizes of the CPU size, or the CPU sizes", () => {
      assert.deepEqual(fargateSizeProblem(256, 4096), {
        given: 4096,
        allowed: "memory of 512, 1024, 2048 MiB with cpu 256",
      });
      assert.match(fargateSizeProblem(300, 512)!.allowed, /^cpu 256, 512, 1024/);
    });

    it("bounds the container health check", () => {
      const check = { interval: 10, timeout: 5, retries: 3, startPeriod: 30 };
      assert.equal(containerHealthProblem(check), undefined);
      assert.equal(containerHealthProblem({ ...check, timeout: 61 })?.property, "timeout");
      assert.equal(containerHealthProblem({ ...check, retries: 0 })?.property, "retries");
    });
  });

  it("wants a target group's timeout below its interval and a path", () => {
    const check = { interval: 10, timeout: 5, healthyThreshold: 2, unhealthyThreshold: 3, path: "/health" };
    assert.equal(targetHealthProblem(check), undefined);
    assert.equal(targetHealthProblem({ ...check, timeout: 10 })?.property, "timeout");
    assert.equal(targetHealthProblem({ ...check, path: "health" })?.property, "path");
    assert.equal(targetHealthProblem({ ...check, unhealthyThreshold: 11 })?.property, "unhealthyThreshold");
  });

  describe("RDS", () => {
    it("takes only versions that can carry pgvector 0.8.2", () => {
      for (const [major, minor] of Object.entries(pgvectorFloor)) {
        assert.equal(pgvectorProblem(`${major}.${minor}`), undefined);
        assert.ok(pgvectorProblem(`${major}.${minor - 1}`));
      }
      for (const [major, minor] of Object.entries(newestPostgres)) {
        assert.equal(pgvectorProblem(`${major}.${minor}`), undefined);
      }
      assert.ok(pgvectorProblem("13.23"));
      assert.ok(pgvectorProblem("17"));
    });

    it("wants 30-minute windows that do not meet", () => {
      assert.equal(windowsProblem("03:00-04:00", "sun:05:00-sun:06:00"), undefined);
      assert.ok(windowsProblem("03:00-03:20", "sun:05:00-sun:06:00"));
      assert.ok(windowsProblem("03:00-05:30", "sun:05:00-sun:06:00"));
      assert.ok(windowsProblem("23:30-00:30", "sat:23:00-sat:23:45"));
      assert.ok(windowsProblem("03:00-04:00", "sun:5-sun:6"));
      assert.equal(windowsProblem("23:30-00:30", "sun:00:30-sun:01:30"), undefined);
    });

    it("knows the odd lists of monitoring and Performance Insights", () => {
      assert.equal(monitoringIntervalProblem(15), undefined);
      assert.ok(monitoringIntervalProblem(20));
      assert.equal(performanceInsightsProblem(713), undefined);
      assert.equal(performanceInsightsProblem(731), undefined);
      assert.ok(performanceInsightsProblem(30));
    });
  });

  it("wants two nodes for a cache that fails over", () => {
    assert.equal(cacheNodesProblem(1, false), undefined);
    assert.ok(cacheNodesProblem(1, true));
    assert.ok(cacheNodesProblem(7, false));
    assert.equal(valkeyVersionProblem("8.1"), undefined);
    assert.ok(valkeyVersionProblem("7.0"));
  });

  it("bounds queues, log retention and policies", () => {
    assert.equal(queueProblem("retention", 1_209_600), undefined);
    assert.ok(queueProblem("visibilityTimeout", 43_201));
    for (const types of [["*"], ["time.*"], ["weather.changed", "npc.said"], ["engine.version-registered"]]) {
      assert.equal(typeFilterProblem(types), undefined, String(types));
    }
    for (const types of [
      [],
      ["*", "time.*"],
      ["time"],
      ["Time.began"],
      ["time.*.began"],
      ["time*"],
      Array(151).fill("a.b"),
    ]) {
      assert.ok(typeFilterProblem(types), String(types));
    }
    for (const days of logRetentionDays) assert.equal(logRetentionProblem(days), undefined);
    assert.ok(logRetentionProblem(31));
    assert.equal(policySizeProblem("managedPolicy", `{${" ".repeat(9000)}}`), undefined);
    assert.ok(policySizeProblem("managedPolicy", "x".repeat(iamLimits.managedPolicy.max + 1)));
  });

  it("bounds how long an alarm looks back", () => {
    assert.equal(alarmPeriodProblem(60, 1440), undefined);
    assert.ok(alarmPeriodProblem(60, 1441));
    assert.equal(alarmPeriodProblem(3600, 168), undefined);
    assert.ok(alarmPeriodProblem(45, 1));
  });

  it("wants room between an Auto Scaling minimum and maximum", () => {
    assert.equal(scalingBoundsProblem(1, 2), undefined);
    assert.ok(scalingBoundsProblem(2, 2));
    assert.equal(refreshProblem(90, 190), undefined);
    assert.ok(refreshProblem(50, 160));
    assert.ok(targetTrackingPeriodProblem(20));
    assert.ok(ruleCountProblem(61));
  });

  it("takes images by digest only", () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-f]{64}$/), (digest) => digestProblem(`a/b@sha256:${digest}`) === undefined),
    );
    for (const image of ["a/b:1", "a/b", "a/b@sha256:12", "a/b:latest"]) assert.ok(digestProblem(image), image);
  });

  it("computes the break-even of an interface endpoint from the prices", () => {
    assert.equal(Math.round(endpointBreakEvenGb * 10) / 10, 208.6);
  });
});
