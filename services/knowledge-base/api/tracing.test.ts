import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import {
  type Attributes,
  type Context,
  type ContextManager,
  context,
  propagation,
  ROOT_CONTEXT,
  type Span,
  type SpanOptions,
  type SpanStatus,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { tracerOf } from "../../../runtime/service";
import { startApi, type TestApi } from "../testing/api";
import { type TestMemory, testMemory } from "../testing/memory";
import { stories, tell } from "../testing/stories";

/** What the provider in memory keeps of a span. */
interface KeptSpan {
  readonly name: string;
  readonly id: string;
  readonly parent: string | undefined;
  readonly traceId: string;
  readonly attributes: Attributes;
  status: SpanStatus | undefined;
  ended: boolean;
}

/** A provider in memory, in place of an SDK: it keeps every span. */
function memoryProvider() {
  const spans: KeptSpan[] = [];
  const startSpan = (name: string, options: SpanOptions = {}, parent: Context = context.active()): Span => {
    const above = trace.getSpanContext(parent);
    const number = spans.length + 1;
    const kept: KeptSpan = {
      name,
      id: number.toString(16).padStart(16, "0"),
      parent: above?.spanId,
      traceId: above?.traceId ?? number.toString(16).padStart(32, "0"),
      attributes: { ...options.attributes },
      status: undefined,
      ended: false,
    };
    spans.push(kept);
    const span: Span = {
      spanContext: () => ({ traceId: kept.traceId, spanId: kept.id, traceFlags: 1 }),
      setAttribute: (key, value) => span.setAttributes({ [key]: value }),
      setAttributes: (more) => {
        Object.assign(kept.attributes, more);
        return span;
      },
      addEvent: () => span,
      addLink: () => span,
      addLinks: () => span,
      setStatus: (status) => {
        kept.status = status;
        return span;
      },
      updateName: () => span,
      end: () => {
        assert.equal(kept.ended, false, `${name} ended twice`);
        kept.ended = true;
      },
      isRecording: () => !kept.ended,
      recordException: () => undefined,
    };
    return span;
  };
  const startActiveSpan = (name: string, ...rest: unknown[]) => {
    const work = rest.pop() as (span: Span) => unknown;
    const span = startSpan(name, rest[0] as SpanOptions, rest[1] as Context | undefined);
    return context.with(trace.setSpan(context.active(), span), work, undefined, span);
  };
  const tracer = { startSpan, startActiveSpan } as Tracer;
  return { spans, provider: { getTracer: () => tracer } };
}

function localContexts(): ContextManager {
  const storage = new AsyncLocalStorage<Context>();
  const manager: ContextManager = {
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, work, self, ...args) => storage.run(active, () => work.call(self as never, ...args)),
    bind: (_active, target) => target,
    enable: () => manager,
    disable: () => manager,
  };
  return manager;
}

const caller = { traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 1 };

describe("tracing", () => {
  const { spans, provider } = memoryProvider();
  let memory: TestMemory;
  let api: TestApi;
  let key: string;
  before(async () => {
    memory = await testMemory();
    await tell(memory.indexer, stories);
    api = await startApi(memory);
    key = await api.key("reader", ["read"]);
    trace.setGlobalTracerProvider(provider);
    context.setGlobalContextManager(localContexts());
    propagation.setGlobalPropagator({
      inject: () => undefined,
      fields: () => ["x-test-trace"],
      extract: (active, carrier, { get }) =>
        get(carrier, "x-test-trace") === undefined ? active : trace.setSpanContext(active, caller),
    });
  });
  after(async () => {
    trace.disable();
    context.disable();
    propagation.disable();
    await api.close();
    await memory.dispose();
  });
  beforeEach(() => {
    spans.length = 0;
  });

  const ask = (more: object = {}, headers: Record<string, string> = {}) =>
    api.call("POST", "/search/semantic", key, { query: "silver bells", ...more }, headers);
  const named = (name: string) => spans.find((span) => span.name === name);

  it("makes a span of a request, of its search and of each step, one below the other", async () => {
    assert.equal((await ask({}, { "x-test-trace": "1" })).status, 200);
    const request = named("POST /search/semantic");
    const search = named("search");
    assert.equal(request?.parent, caller.spanId);
    assert.equal(request?.attributes["http.response.status_code"], 200);
    assert.equal(search?.parent, request?.id);
    for (const step of ["embed", "terms", "candidates", "fuse"]) {
      assert.equal(named(`search.${step}`)?.parent, search?.id, step);
    }
    const found = named("search.candidates")?.attributes;
    for (const count of ["kb.rows", "kb.lexical", "kb.nearest"]) assert.ok(Number(found?.[count]) > 0, count);
    assert.ok(spans.every(({ ended, traceId }) => ended && traceId === caller.traceId));
  });

  it("leaves out a leg that takes no part", async () => {
    await ask({ ranking: { mode: "lexical" } });
    const found = named("search.candidates")?.attributes;
    assert.ok(Number(found?.["kb.lexical"]) > 0 && found?.["kb.nearest"] === 0);
    assert.equal(named("search.embed"), undefined);
  });

  it("keeps what was asked, and keys, out of the spans", async () => {
    await ask({ query: "xylophone conspiracy" });
    await api.call("GET", "/documents?source=xylophone", key);
    const written = JSON.stringify(spans);
    assert.ok(!written.includes("xylophone") && !written.includes(key));
  });

  it("ends the span of a refused request, and marks one whose work fails", async () => {
    assert.equal((await ask({}, { "x-api-key": "wrong" })).status, 401);
    assert.equal(named("POST /search/semantic")?.attributes["http.response.status_code"], 401);
    await assert.rejects(
      tracerOf("test")("work", {}, () => Promise.reject(new RangeError("no"))),
      RangeError,
    );
    assert.deepEqual(named("work")?.status, { code: SpanStatusCode.ERROR, message: "RangeError" });
    assert.equal(named("work")?.ended, true);
  });
});
