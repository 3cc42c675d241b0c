import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { z } from "zod";
import { defineContract, raw } from "../../../contracts/services/define";
import { pageOf, pageQuery, text, time, version } from "../../../contracts/services/schemas";
import { prepared } from "../definition";
import {
  checkVersion,
  defineService,
  newId,
  notFound,
  pageOf as page,
  problem,
  problemsOf,
  reply,
  requireOwn,
  unavailable,
} from "../index";

const note = z.object({
  id: z.string(),
  owner: z.string(),
  words: z.string(),
  count: z.number(),
  version,
  changedAt: time,
});
const params = z.strictObject({ id: text(100) });
const everybody = ["player", "operator", "service:read"] as const;

/** A small service with a bit of everything, on which the kit's rules are tested. */
export const notesContract = defineContract({
  name: "settings",
  title: "Notes",
  version: "1.0.0",
  description: "Notes, for tests of the kit.",
  database: true,
  publishes: ["engine.version-registered"],
  hears: ["engine.version-registered"],
  keys: { prefix: "note", scopes: ["read", "write"] },
  problems: { "note-full": { status: 409, title: "The note takes no more" } },
  routes: {
    listNotes: {
      method: "GET",
      path: "/notes",
      summary: "Lists notes.",
      who: everybody,
      query: z.strictObject({
        ...pageQuery,
        deep: z.boolean().optional(),
        tags: z.array(z.string()).max(3).optional(),
      }),
      answers: { 200: pageOf(note).extend({ deep: z.boolean(), tags: z.array(z.string()) }) },
      limit: { perMinute: 40, bucket: "lists" },
    },
    getNote: {
      method: "GET",
      path: "/notes/{id}",
      summary: "Reads a note.",
      who: everybody,
      params,
      answers: { 200: note },
    },
    makeNote: {
      method: "POST",
      path: "/notes",
      summary: "Makes a note.",
      who: ["player", "service:write"],
      body: z.strictObject({ words: text(1_000), owner: text(100).optional(), nested: z.json().optional() }),
      answers: { 201: note },
      problems: ["note-full"],
    },
    countNote: {
      method: "PUT",
      path: "/notes/{id}/count",
      summary: "Sets a note's count.",
      who: ["player", "service:write"],
      params,
      body: z.strictObject({ count: z.int().min(0) }),
      precondition: "required",
      answers: { 200: note },
    },
    readFile: {
      method: "GET",
      path: "/files/{path*}",
      summary: "Gives a path back.",
      who: ["anyone"],
      params: z.strictObject({ path: z.string() }),
      answers: { 200: z.object({ path: z.string() }) },
    },
    stream: {
      method: "GET",
      path: "/stream",
      summary: "Says three words, one after the other, and says goodbye where it is ended.",
      who: ["anyone"],
      query: z.strictObject({ forever: z.boolean().default(false) }),
      answers: { 200: raw("text/event-stream") },
    },
    myStream: {
      method: "GET",
      path: "/mine/stream",
      summary: "Says hello to a player, and goodbye when the token ends.",
      who: ["player"],
      answers: { 200: raw("text/event-stream") },
    },
    sign: {
      method: "POST",
      path: "/signed",
      summary: "Gives the number of bytes of a body back.",
      who: ["anyone"],
      rawBody: true,
      answers: { 200: z.object({ bytes: z.int() }) },
    },
    misbehave: {
      method: "POST",
      path: "/misbehave/{how}",
      summary: "Does what no handler should.",
      who: ["service:write"],
      params: z.strictObject({
        how: z.enum(["throw", "break", "wait", "dependency", "write-and-refuse", "write-and-fail"]),
      }),
      answers: { 200: z.object({ fine: z.literal(true) }) },
    },
    deadline: {
      method: "GET",
      path: "/deadline",
      summary: "Tells how long the caller waits.",
      who: ["anyone"],
      answers: { 200: z.object({ leftMs: z.number(), requestId: z.string() }) },
    },
  },
});

const refuse = problemsOf(notesContract);
const columns = `id, owner, words, count, version, changed_at AS "changedAt", secret`;

interface Note {
  readonly id: string;
  readonly owner: string;
  readonly words: string;
  readonly count: number;
  readonly version: number;
  readonly changedAt: Date;
}

export const notes = defineService(notesContract, {
  program: "notes",
  migrations: join(__dirname, "migrations"),
  handlers: {
    async listNotes({ query: { limit, cursor, deep = false, tags = [] }, kit, read }) {
      const after = cursor === undefined ? "" : String(kit.cursors.decode("notes", cursor).id);
      const { rows } = await read((session) =>
        session.query<Note>(`SELECT ${columns} FROM notes WHERE id > $1 ORDER BY id LIMIT $2`, [after, limit + 1]),
      );
      return { ...page(rows, limit, kit.cursors, "notes", ({ id }) => ({ id })), deep, tags };
    },
    async getNote({ params: { id }, caller, read }) {
      const { rows } = await read((session) => session.query<Note>(`SELECT ${columns} FROM notes WHERE id = $1`, [id]));
      const found = rows[0];
      if (found === undefined) throw notFound("note");
      requireOwn(caller, found.owner);
      return reply(found, { version: found.version });
    },
    async makeNote({ body, caller, session, kit }) {
      const owner = caller.kind === "player" ? caller.id : (body.owner ?? caller.id);
      const { rows } = await session.query<Note>(
        `INSERT INTO notes (id, owner, words) VALUES ($1, $2, $3) RETURNING ${columns}`,
        [newId(kit.around), owner, body.words],
      );
      if (body.words === "too much") throw refuse("note-full", "this note takes no more");
      return reply(rows[0]!, { version: 1, headers: { location: `/notes/${rows[0]!.id}` } });
    },
    async countNote({ params: { id }, body, precondition, session }) {
      const { rows } = await session.query<{ version: number }>("SELECT version FROM notes WHERE id = $1 FOR UPDATE", [
        id,
      ]);
      if (rows[0] === undefined) throw notFound("note");
      checkVersion(precondition, rows[0].version);
      const changed = await session.query<Note>(
        `UPDATE notes SET count = $2, version = version + 1 WHERE id = $1 RETURNING ${columns}`,
        [id, body.count],
      );
      return reply(changed.rows[0]!, { version: changed.rows[0]!.version });
    },
    readFile: ({ params: { path } }) => ({ path }),
    stream: ({ query: { forever }, signal }) => say(["one", "two", "three"], forever ? signal : undefined),
    myStream: ({ signal }) => say(["hello"], signal),
    sign: ({ bytes }) => ({ bytes: bytes.length }),
    misbehave: prepared({
      prepare: async ({ params: { how } }) => {
        if (how === "dependency") throw unavailable("what it needs is away");
      },
      async handle({ params: { how }, session, signal }) {
        if (how === "throw") throw new Error("the password is hunter2");
        if (how === "wait") await wait(60_000, undefined, { signal, ref: false });
        if (how.startsWith("write")) {
          await session.query("INSERT INTO notes (id, owner, words) VALUES ($1, 'nobody', 'left behind')", [how]);
          throw how === "write-and-refuse" ? problem("conflict", "not now") : new Error("failed");
        }
        return { fine: false as unknown as true };
      },
    }),
    deadline: ({ leftMs, requestId }) => ({ leftMs: leftMs(), requestId }),
  },
  hears: {
    async "engine.version-registered"({ event, session }) {
      await session.query("INSERT INTO notes (id, owner, words) VALUES ($1, 'heard', $2)", [
        event.id,
        event.data.version,
      ]);
      if (event.data.version === "9.9.9") throw new Error("this version cannot be borne");
    },
  },
});

/** Words as server-sent events; with a signal it goes on until it is ended, and says why. */
async function* say(words: readonly string[], signal?: AbortSignal): AsyncGenerator<string> {
  for (const word of words) yield `data: ${word}\n\n`;
  if (signal === undefined) return;
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  yield `event: goodbye\ndata: ${(signal.reason as Error).message}\n\n`;
}
