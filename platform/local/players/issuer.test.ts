import assert from "node:assert/strict";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { freePort } from "../../../runtime/free-port";
import { notes, notesContract } from "../../../runtime/service/testing/notes";
import { noEvents } from "../../../runtime/service/testing/quiet";
import { startTestService, type TestService } from "../../../runtime/service/testing/start";
import { type LocalConsole, startConsole } from "../console/console";
import { LocalControlDouble } from "../console/control-double";
import { type LocalEdge, startEdge } from "../edge";
import { type LocalIssuer, localIssuer } from "./issuer";

describe("players of this machine", () => {
  let issuer: LocalIssuer;
  let page: LocalConsole;
  let service: TestService<typeof notesContract>;
  let edge: LocalEdge;
  before(async () => {
    const port = await freePort();
    issuer = await localIssuer(`http://127.0.0.1:${port}`);
    page = await startConsole(new LocalControlDouble(), { port, routes: issuer.routes });
    service = await startTestService(notesContract, notes, { environment: { ...noEvents, ...issuer.variables } });
    const declared = {
      routes: [{ paths: ["/notes", "/notes/*"], service: "settings", priority: 1 }],
      otherwise: { status: 404, contentType: "text/plain", body: "nothing" },
      idleSeconds: 60,
    };
    edge = await startEdge(declared, await freePort(), () => service.running.port);
  });
  after(async () => {
    await edge.close(0);
    await service.close();
    await page.close();
  });

  const signIn = (body: unknown) =>
    fetch(`${page.url}/players/sign-in`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify(body),
    });

  it("sign in, and are themselves behind the edge", async () => {
    const answer = await signIn({ player: "anna" });
    const { token, expiresAt } = (await answer.json()) as { token: string; expiresAt: string };
    assert.ok(Date.parse(expiresAt) > Date.now());
    const made = await fetch(`${edge.url}/notes`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: `Bearer ${token}` },
      body: JSON.stringify({ words: "hello", owner: "bert" }),
    });
    assert.deepEqual([made.status, ((await made.json()) as { owner: string }).owner], [201, "anna"]);
  });

  it("are operators only where they sign in as such", async () => {
    const { id } = (await service.client.makeNote({ body: { words: "hers", owner: "bert" } })).body;
    const statuses = [];
    for (const operator of [false, true]) {
      const { token } = await issuer.sign({ player: "olga", operator });
      statuses.push((await fetch(`${edge.url}/notes/${id}`, { headers: { authorization: `Bearer ${token}` } })).status);
    }
    assert.deepEqual(statuses, [403, 200]);
  });

  it("are signed in by this machine's own pages only: not by another site's name for it, nor by another origin", async () => {
    const send = async (headers: Readonly<Record<string, string>>): Promise<number | undefined> => {
      const { hostname, port } = new URL(page.url);
      const asked = request({ hostname, port, path: "/players/sign-in", method: "POST", headers });
      asked.end('{"player":"anna"}');
      const [response] = (await once(asked, "response")) as [IncomingMessage];
      response.resume();
      return response.statusCode;
    };
    const type = { "content-type": "application/json" };
    assert.equal(await send({ ...type, host: "evil.example" }), 403);
    assert.equal(await send({ ...type, origin: "https://evil.example" }), 403);
    assert.equal(await send({ "content-type": "text/plain" }), 415);
    assert.equal(await send(type), 200);
  });

  for (const body of [
    {},
    { player: "" },
    { player: "a b" },
    { player: "a".repeat(65) },
    { player: "a", admin: true },
  ]) {
    it(`are not signed in as ${JSON.stringify(body).slice(0, 40)}`, async () => {
      const answer = await signIn(body);
      assert.equal(answer.status, 400);
      await answer.arrayBuffer();
    });
  }

  it("of another issuer of this kind are nobody here", async () => {
    const other = await localIssuer("http://127.0.0.1:1");
    const { token } = await other.sign({ player: "anna" });
    const answer = await fetch(`${edge.url}/notes`, { headers: { authorization: `Bearer ${token}` } });
    assert.equal(answer.status, 401);
    await answer.arrayBuffer();
  });
});
