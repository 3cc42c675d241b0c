import assert from "node:assert/strict";
import { makePlan } from "../plan/plan";
import { stateOfEvaluation } from "../plan/states";
import { evaluation, record } from "../plan/testing";
import { drawChanges } from "./mermaid";

const bucket = (name: string, parent?: string) =>
  record("aws:s3/bucket:Bucket", name, {}, { ...(parent && { parent }) });
const component = (name: string) => record("game:Store", name, {}, { custom: false });

describe("the picture of what changes", () => {
  it("is none when nothing does", () => {
    const same = evaluation([bucket("a")]);
    assert.equal(drawChanges(makePlan(same, { state: stateOfEvaluation(same), name: "base" })), undefined);
  });

  it("draws resources inside their outermost component, and what depends on what", () => {
    const store = component("store");
    const inside = bucket("data", store.urn);
    const topic = record("aws:sns/topic:Topic", "news", { bucket: "data" }, { from: { bucket: [inside.urn] } });
    const drawn = drawChanges(makePlan(evaluation([store, inside, topic])))!;
    assert.match(drawn, /subgraph g0\["store"\]\n\s+r0\["data<br\/>aws\.s3\.Bucket"\]:::created\n\s+end/);
    assert.match(drawn, /r1 --> r0/);
  });

  it("cannot be broken by a name", () => {
    const drawn = drawChanges(makePlan(evaluation([bucket('a"]; click r0 "javascript:x" <b>')])))!;
    assert.match(drawn, /r0\["a#quot;\]; click r0 #quot;javascript:x#quot; {2}b <br\/>aws\.s3\.Bucket"\]/);
  });

  it("tells components of a large change as boxes, thirty at most, what is deleted first", () => {
    const many = Array.from({ length: 50 }, (_, index) => component(`c${index}`));
    const buckets = many.flatMap(({ urn, name }) => [bucket(`${name}-a`, urn), bucket(`${name}-b`, urn)]);
    const base = { state: stateOfEvaluation(evaluation([bucket("gone")])), name: "base" };
    const drawn = drawChanges(makePlan(evaluation([...many, ...buckets]), base))!;
    const boxes = drawn.split("\n").filter((line) => line.includes('["'));
    assert.equal(boxes.length, 30);
    assert.ok(boxes.some((line) => /"stack<br\/>1 delete"\]:::deleted/.test(line)));
    assert.ok(boxes.some((line) => line.includes("22 more components<br/>44 create")));
  });
});
