import assert from "node:assert/strict";
import { join } from "node:path";
import { InputError } from "../../contracts/input-error";
import { type Evaluation, evaluate } from "../engine";
import { makeBill } from "../pricing/bill";
import { goesWith, removalRules } from "./cloud/removal";
import { costOfLife } from "./cost-of-life";
import { checkQuotas, type Demand, demandsOf } from "./preflight";
import { lifetimeKey } from "./stack-tags";

const projectDir = join(__dirname, "..", "..");
const lifetime = { expiresAt: "2026-11-27T20:00:00Z", owner: "ana@example.com" };

describe("the graph of an ephemeral stack", function () {
  this.timeout(300_000);
  let evaluation: Evaluation;
  before(async () => {
    const config = { [lifetimeKey]: JSON.stringify(lifetime) };
    evaluation = await evaluate({ projectDir, stack: "pr-7", config, timeoutMs: 250_000 });
  });
  const ofAws = () =>
    evaluation.resources.filter(({ custom, external, type }) => custom && !external && type.startsWith("aws:"));

  it("can be removed without its state: every type has a rule or goes with another", () => {
    const ruled = new Set(removalRules.map(({ type }) => type));
    const without = [...new Set(ofAws().map(({ type }) => type))].filter(
      (type) => !ruled.has(type) && !(type in goesWith),
    );
    assert.deepEqual(without, []);
  });

  it("holds nothing that refuses to go: no protection, nothing retained, no recovery window, no final snapshot", () => {
    assert.deepEqual(
      ofAws()
        .filter(({ options }) => options.protect || options.retainOnDelete)
        .map(({ urn }) => urn),
      [],
    );
    const wanted: Record<string, Record<string, unknown>> = {
      "aws:secretsmanager/secret:Secret": { recoveryWindowInDays: 0 },
      "aws:s3/bucket:Bucket": { forceDestroy: true },
      "aws:rds/instance:Instance": { skipFinalSnapshot: true, deletionProtection: false, deleteAutomatedBackups: true },
      "aws:lb/loadBalancer:LoadBalancer": { enableDeletionProtection: false },
    };
    for (const { type, name, inputs } of ofAws()) {
      for (const [key, value] of Object.entries(wanted[type] ?? {})) assert.equal(inputs[key], value, `${name}.${key}`);
    }
  });

  it("carries its life in the tags of every resource", () => {
    const providers = evaluation.resources.filter(({ type }) => type === "pulumi:providers:aws");
    const tags = providers.map(({ inputs }) => JSON.parse(String(inputs.defaultTags)).tags);
    for (const one of tags) {
      assert.deepEqual([one.Stack, one.ExpiresAt, one.Owner], ["pr-7", lifetime.expiresAt, lifetime.owner]);
    }
    assert.equal(tags.length, 1);
  });

  it("is priced for a life: 730 hours are a month", () => {
    const bill = makeBill(evaluation);
    for (const month of [730 * 60, "never"] as const) {
      assert.ok(Math.abs(costOfLife(bill, month).usd - bill.total.expected) < 1e-6);
    }
    assert.deepEqual(costOfLife({ total: { minimum: 0, expected: 730, maximum: 0 } }, 480), { hours: 8, usd: 8 });
  });

  it("asks the account for what it holds", () => {
    const asks = Object.fromEntries(demandsOf(evaluation.resources).map(({ code, asks: amount }) => [code, amount]));
    const number = (type: string) => evaluation.resources.filter((resource) => resource.type === type).length;
    assert.equal(asks["L-F678F1CE"], 1);
    assert.equal(asks["L-FE177D64"], number("aws:iam/role:Role"));
    assert.ok(asks["L-36FBB829"]! > 0, "vCPUs of spot tasks");
    assert.equal(asks["L-3032A538"], undefined, "none on demand");
    assert.equal(asks["L-3819A6DF"], undefined, "no GPU node while both tiers sleep");
  });
});

describe("the stack of an emulator", function () {
  this.timeout(300_000);
  const options = { projectDir, timeoutMs: 250_000 };
  /** What the provider calls the services of some modules. */
  const endpointOf: Readonly<Record<string, string>> = { lb: "elbv2", vpc: "ec2" };

  it("goes to the emulator with every service that the program uses, from one committed file", async () => {
    const { resources } = await evaluate({ ...options, stack: "eph-emulator" });
    const [provider] = resources.filter(({ type }) => type === "pulumi:providers:aws");
    const [endpoints] = JSON.parse(String(provider!.inputs.endpoints));
    assert.deepEqual(new Set(Object.values(endpoints)), new Set(["http://127.0.0.1:5000"]));
    const modules = resources.flatMap(({ type }) => /^aws:(\w+)\//.exec(type)?.[1] ?? []);
    // A log group is of the module cloudwatch, and of a service of its own.
    const needed = new Set([...modules.map((name) => endpointOf[name] ?? name), "logs", "sts"]);
    assert.deepEqual(
      [...needed].filter((name) => !(name in endpoints)),
      [],
    );
  });

  it("is none of the long-lived ones", async () => {
    const config = { "aws:endpoints": '[{"s3":"http://127.0.0.1:5000"}]' };
    await assert.rejects(
      evaluate({ ...options, stack: "dev", config }),
      /aws:endpoints: .* only an ephemeral stack may be in an emulator/,
    );
  });
});

describe("the account's quotas", () => {
  const demands: Demand[] = [
    { code: "L-F678F1CE", asks: 1 },
    { code: "L-FE177D64", asks: 50 },
  ];
  const readings = (used: number) =>
    new Map([
      ["L-F678F1CE", { value: 5, used }],
      ["L-FE177D64", { value: 1000 }],
    ]);

  it("are refused where what is in use leaves too little, with the command that asks for more", () => {
    checkQuotas(demands, readings(4), true);
    assert.throws(
      () => checkQuotas(demands, readings(5), true),
      (error: unknown) =>
        InputError.isInstance(error) &&
        error.message.startsWith(
          "quota L-F678F1CE: 1 is not allowed; allowed: 0 more VPCs of the region: 5 of 5 are in use",
        ) &&
        error.message.includes("--service-code vpc --quota-code L-F678F1CE --desired-value 6"),
    );
  });

  it("count a stack that is up already once", () => checkQuotas(demands, readings(5), false));
  it("that nobody tells are passed over", () => checkQuotas(demands, new Map(), true));
});
