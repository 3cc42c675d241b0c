import { type Attributes, context, propagation, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import type { FastifyInstance, FastifyRequest } from "fastify";

// Without a registered SDK the calls do nothing: a deployment turns tracing on by preloading one (`NODE_OPTIONS=--require`).

/** Runs work inside a span below the active one; what it throws marks the span as failed and goes on. */
export type Traced = <T>(name: string, attributes: Attributes, work: (span: Span) => Promise<T>) => Promise<T>;

/** @param service Name of the tracer. */
export function tracerOf(service: string): Traced {
  const tracer = trace.getTracer(service);
  return (name, attributes, work) =>
    tracer.startActiveSpan(name, { kind: SpanKind.INTERNAL, attributes }, async (span) => {
      try {
        return await work(span);
      } catch (error) {
        span.setStatus({ code: SpanStatusCode.ERROR, message: error instanceof Error ? error.name : "error" });
        throw error;
      } finally {
        span.end();
      }
    });
}

/**
 * Makes a span of every request, below the caller's where it sends one in its headers. Names and attributes follow
 * OpenTelemetry's conventions for HTTP servers: the route, never the address with what stands in it.
 */
export function traceRequests(app: FastifyInstance, service: string): void {
  const tracer = trace.getTracer(service);
  const spans = new WeakMap<FastifyRequest, Span>();
  app.addHook("onRequest", (request, _reply, done) => {
    const { method, headers, routeOptions } = request;
    const route = routeOptions.url ?? "none";
    const caller = propagation.extract(context.active(), headers);
    const attributes = { "http.request.method": method, "http.route": route, "request.id": request.id };
    const span = tracer.startSpan(`${method} ${route}`, { kind: SpanKind.SERVER, attributes }, caller);
    spans.set(request, span);
    context.with(trace.setSpan(caller, span), done);
  });
  app.addHook("onResponse", async (request, { statusCode }) => {
    const span = spans.get(request);
    span?.setAttribute("http.response.status_code", statusCode);
    if (statusCode >= 500) span?.setStatus({ code: SpanStatusCode.ERROR });
    span?.end();
  });
}

/** Headers that make another service's span a child of the active one; none without an SDK. */
export function traceHeaders(): Record<string, string> {
  const carrier: Record<string, string> = {};
  propagation.inject(context.active(), carrier);
  return carrier;
}

/** `traceparent` of the active span; undefined without an SDK. */
export const currentTraceparent = (): string | undefined => traceHeaders().traceparent;
