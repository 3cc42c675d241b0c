import assert from "node:assert/strict";
import fc from "fast-check";
import { InputError } from "../contracts/input-error";
import { nameRules } from "./name-rules";
import { nameArguments, nameRule, ownSuffix, physicalName } from "./names";

const loadBalancer = "aws:lb/loadBalancer:LoadBalancer";
const role = "aws:iam/role:Role";
const providerSuffix = 26;

describe("components/names", () => {
  it("puts product and stack before the logical name", () => {
    assert.deepEqual(physicalName(role, "prod", "ai-router-task"), {
      property: "namePrefix",
      value: "gaming-prod-ai-router-task-",
    });
    assert.deepEqual(physicalName("aws:ecs/cluster:Cluster", "dev", "cluster"), {
      property: "name",
      value: "gaming-dev-cluster",
    });
    assert.deepEqual(physicalName("aws:cloudwatch/logGroup:LogGroup", "dev", "ai-router-logs"), {
      property: "namePrefix",
      value: "/gaming-dev-ai-router-logs-",
    });
  });

  it("cuts in the middle and adds a hash of the full path", () => {
    const long = physicalName(loadBalancer, "eph-anna-and-bert", "edge-load-balancer")!;
    assert.equal(long.value, "gaming-ep-balancer-xwk83o");
    assert.equal(long.value.length, 32 - ownSuffix);
  });

  it("stays within every type's length and character set, whatever the stack and the logical name", () => {
    const stack = fc.stringMatching(/^(dev|prod|(pr|eph)-[a-z0-9]{1,16})$/);
    const logical = fc.stringMatching(/^[a-z][A-Za-z0-9._/ -]{0,120}$/);
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(nameRules)), stack, logical, (type, stackName, logicalName) => {
        const rule = nameRule(type);
        const name = physicalName(type, stackName, logicalName);
        if (rule.style !== "prefix" && rule.style !== "suffixed" && rule.style !== "fixed") return name === undefined;
        const appended = rule.style === "prefix" ? providerSuffix : rule.style === "suffixed" ? ownSuffix : 0;
        assert.ok(name!.value.length + appended <= rule.max, name!.value);
        assert.match(name!.value, new RegExp(`^[${rule.charset}]+$`));
        assert.doesNotMatch(name!.value, /--|^-/);
        return true;
      }),
    );
  });

  it("never gives two logical names of a stack the same name", () => {
    const logical = fc.stringMatching(/^[a-z][A-Za-z0-9._-]{0,60}$/);
    fc.assert(
      fc.property(
        fc.constantFrom(loadBalancer, role, "aws:rds/instance:Instance"),
        logical,
        logical,
        (type, one, other) => {
          fc.pre(one !== other);
          assert.notEqual(physicalName(type, "prod", one)!.value, physicalName(type, "prod", other)!.value);
        },
      ),
    );
  });

  it("refuses a type without a rule", () => {
    assert.throws(
      () => nameRule("aws:qldb/ledger:Ledger"),
      new InputError({
        path: "type",
        given: "aws:qldb/ledger:Ledger",
        allowed: "a resource type that has a naming rule",
        where: "components/name-rules.ts, nameRules",
      }),
    );
    assert.throws(() => nameRule("aws:toString"), InputError);
  });

  it("leaves components, providers and packages without AWS names alone", () => {
    for (const type of ["game-ai-platform:network:Network", "awsx:ec2:Vpc", "pulumi:providers:aws"]) {
      assert.deepEqual(nameArguments(type, "dev", "network", { a: 1 }), { a: 1 });
    }
  });

  describe("arguments", () => {
    it("get the name of their type's rule", () => {
      assert.deepEqual(nameArguments(role, "dev", "a-role", { path: "/" }), {
        path: "/",
        namePrefix: "gaming-dev-a-role-",
      });
    });

    it("are the same after a second time", () => {
      for (const type of [role, "aws:ecs/cluster:Cluster"]) {
        const once = nameArguments(type, "dev", "x", {});
        assert.deepEqual(nameArguments(type, "dev", "x", once), once);
      }
    });

    it("keep a fixed name that fits, and refuse one that does not", () => {
      const family = "aws:ecs/taskDefinition:TaskDefinition";
      assert.deepEqual(nameArguments(family, "dev", "x", { family: "mine" }), { family: "mine" });
      assert.throws(
        () => nameArguments(family, "dev", "x", { family: "not mine" }),
        /x\.family: "not mine" is not allowed; allowed: 1 to 255/,
      );
    });

    it("refuse a whole name where replacement needs a random part, but for listed exceptions", () => {
      assert.throws(
        () => nameArguments(role, "dev", "x", { name: "mine" }),
        /x\.name: "mine" is not allowed; allowed: no name/,
      );
      assert.deepEqual(nameArguments(role, "shared", "x", { name: "gaming-ci-preview" }), {
        name: "gaming-ci-preview",
      });
      const logs = "aws:cloudwatch/logGroup:LogGroup";
      assert.deepEqual(nameArguments(logs, "dev", "x", { namePrefix: "aws-waf-logs-dev-" }), {
        namePrefix: "aws-waf-logs-dev-",
      });
    });

    it("must bring a name that is an interface or that ends in a random suffix", () => {
      assert.throws(
        () => nameArguments("aws:ecr/repository:Repository", "shared", "x", {}),
        /x\.name: nothing is not allowed/,
      );
      assert.throws(() => nameArguments(loadBalancer, "dev", "edge", {}), /edge\.name: nothing is not allowed/);
    });

    it("leave room for what Pulumi appends where Pulumi makes the name", () => {
      const service = "aws:ecs/service:Service";
      assert.deepEqual(nameArguments(service, "dev", "s".repeat(247), {}), {});
      assert.throws(() => nameArguments(service, "dev", "s".repeat(248), {}), InputError);
    });
  });

  it("spells every type as @pulumi/aws does", () => {
    for (const type of Object.keys(nameRules)) {
      const [, file, name] = /^aws:([^:]+):(.+)$/.exec(type) ?? [];
      if (file === undefined) continue;
      const exported: Record<string, { __pulumiType?: string }> = require(`@pulumi/aws/${file}.js`);
      assert.equal(exported[name!]?.__pulumiType, type);
    }
  });
});
