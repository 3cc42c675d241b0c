import type { FastifyInstance } from "fastify";
import { readBody } from "../ingest/reader";

/** Bytes of a body at most, but for those of documents: what the thread that answers everybody reads in a few milliseconds. */
export const largestBody = 1024 * 1024;
/** The same for a document. */
export const largestDocumentBody = 6 * 1024 * 1024;

/** Reads JSON; what is larger than {@link largestBody} in a worker thread, so that others are answered meanwhile. */
export function readBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser("error", "error");
  app.addContentTypeParser("application/json", { parseAs: "buffer" }, (request, body: Buffer, done) => {
    if (body.length <= largestBody) parse(request, body.toString("utf8"), done);
    else readBody(body).then((value) => done(null, value), done);
  });
}
