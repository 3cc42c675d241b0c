import type { IncomingMessage } from "node:http";
import { context, propagation, type Span, SpanKind, trace } from "@opentelemetry/api";

// Without a registered SDK the calls do nothing: a deployment turns tracing on by preloading one (`NODE_OPTIONS=--require`).
const tracer = trace.getTracer("ai-router");

/** A span of a request, below the caller's where it sends one. */
export function requestSpan(name: string, { method = "", headers }: IncomingMessage): Span {
  const caller = propagation.extract(context.active(), headers);
  return tracer.startSpan(
    name,
    { kind: SpanKind.SERVER, attributes: { "http.request.method": method, "http.route": name } },
    caller,
  );
}

/** Headers that make a tier's span a child of this one; none without an SDK. */
export function carrierOf(span: Span): Record<string, string> {
  const carrier: Record<string, string> = {};
  propagation.inject(trace.setSpan(context.active(), span), carrier);
  return carrier;
}
