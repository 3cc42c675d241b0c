import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT, UnsecuredJWT } from "jose";
import { problemUri } from "../../contracts/problems";
import { notes, notesContract } from "./testing/notes";
import { noEvents } from "./testing/quiet";
import { startTestService, type TestService } from "./testing/start";

const audience = "a-game";

/** An OpenID issuer whose keys can be rotated and which can go away. */
async function startIssuer() {
  const state = { asked: 0, away: false, keys: [] as { kid: string; privateKey: CryptoKey; publicKey: CryptoKey }[] };
  const server: Server = createServer(async (request, response) => {
    if (state.away) return response.writeHead(500).end();
    const { port } = server.address() as AddressInfo;
    const issuer = `http://127.0.0.1:${port}`;
    if (request.url === "/.well-known/openid-configuration") {
      return response.end(JSON.stringify({ issuer, jwks_uri: `${issuer}/keys` }));
    }
    state.asked += 1;
    const keys = state.keys.map(async ({ kid, publicKey }) => ({
      ...(await exportJWK(publicKey)),
      kid,
      alg: "RS256",
      use: "sig",
    }));
    response.end(JSON.stringify({ keys: await Promise.all(keys) }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const rotate = async (kid: string) => {
    state.keys = [...state.keys, { kid, ...(await generateKeyPair("RS256")) }];
  };
  await rotate("first");
  const sign = (
    claims: JWTPayload,
    more: { kid?: string; expires?: number | string; audience?: string; issuer?: string } = {},
  ) => {
    const key = state.keys.find(({ kid }) => kid === (more.kid ?? state.keys.at(-1)!.kid))!;
    return new SignJWT(claims)
      .setProtectedHeader({ alg: "RS256", kid: key.kid })
      .setIssuer(more.issuer ?? issuer)
      .setAudience(more.audience ?? audience)
      .setIssuedAt()
      .setExpirationTime(more.expires ?? "10m")
      .sign(key.privateKey);
  };
  return { issuer, state, rotate, sign, close: () => server.close() };
}

describe("players and operators", () => {
  let issuer: Awaited<ReturnType<typeof startIssuer>>;
  let service: TestService<typeof notesContract>;
  before(async () => {
    issuer = await startIssuer();
    service = await startTestService(notesContract, notes, {
      environment: { ...noEvents, PLAYER_ISSUER: issuer.issuer, PLAYER_AUDIENCE: audience },
    });
  });
  after(async () => {
    await service.close();
    issuer.close();
  });

  const ask = (method: string, path: string, token: string, body?: unknown) =>
    service.ask(method, path, { key: null, body, headers: { authorization: `Bearer ${token}` } });
  const refusal = async (answer: Response) => [answer.status, ((await answer.json()) as { type: string }).type];

  it("a player makes and reads its own things, whatever its body says, and nobody else's", async () => {
    const [anna, bert] = [await issuer.sign({ sub: "anna" }), await issuer.sign({ sub: "bert" })];
    const made = await ask("POST", "/notes", anna, { words: "mine", owner: "bert" });
    const { id, owner } = (await made.json()) as { id: string; owner: string };
    assert.equal(owner, "anna");
    assert.equal((await ask("GET", `/notes/${id}`, anna)).status, 200);
    assert.deepEqual(await refusal(await ask("GET", `/notes/${id}`, bert)), [403, problemUri("forbidden")]);
    const operator = await issuer.sign({ sub: "olga", scope: "openid operator" });
    assert.equal((await ask("GET", `/notes/${id}`, operator)).status, 200);
    assert.equal((await service.ask("GET", `/notes/${id}`)).status, 200);
  });

  it("a route that is for services is for no player, and one for players not for an operator alone", async () => {
    const anna = await issuer.sign({ sub: "anna" });
    assert.equal((await ask("POST", "/misbehave/throw", anna)).status, 403);
  });

  it("a token is refused that is late, for another audience, of another issuer, without a subject, or made by somebody else", async () => {
    const stranger = await generateKeyPair("RS256");
    const forged = await new SignJWT({ sub: "anna" })
      .setProtectedHeader({ alg: "RS256", kid: "first" })
      .setIssuer(issuer.issuer)
      .setAudience(audience)
      .setExpirationTime("10m")
      .sign(stranger.privateKey);
    // The public key as the secret of an HMAC: a verifier that believes the header takes it.
    const confused = await new SignJWT({ sub: "anna" })
      .setProtectedHeader({ alg: "HS256", kid: "first" })
      .setIssuer(issuer.issuer)
      .setAudience(audience)
      .setExpirationTime("10m")
      .sign(Buffer.from(await exportSPKI(issuer.state.keys[0]!.publicKey)));
    const unsigned = new UnsecuredJWT({ sub: "anna" })
      .setIssuer(issuer.issuer)
      .setAudience(audience)
      .setExpirationTime("10m")
      .encode();
    const now = Math.floor(Date.now() / 1000);
    const good = await issuer.sign({ sub: "anna" });
    const tokens = {
      late: await issuer.sign({ sub: "anna" }, { expires: now - 40 }),
      otherAudience: await issuer.sign({ sub: "anna" }, { audience: "another-game" }),
      otherIssuer: await issuer.sign({ sub: "anna" }, { issuer: "https://evil.example" }),
      noSubject: await issuer.sign({}),
      early: await issuer.sign({ sub: "anna", nbf: now + 600 }),
      forged,
      confused,
      changed: `${good.slice(0, -4)}AAAA`,
      unsigned: `${unsigned}x`,
    };
    for (const [what, token] of Object.entries(tokens)) {
      assert.deepEqual(await refusal(await ask("GET", "/notes", token)), [401, problemUri("unauthenticated")], what);
    }
    // A clock that is a little off is forgiven.
    assert.equal((await ask("GET", "/notes", await issuer.sign({ sub: "anna" }, { expires: now - 10 }))).status, 200);
  });

  it("keys are asked for once, not for every token, and not for each of many unknown ones", async () => {
    const { asked } = issuer.state;
    const token = await issuer.sign({ sub: "anna" });
    for (let count = 0; count < 5; count += 1) assert.equal((await ask("GET", "/notes", token)).status, 200);
    assert.equal(issuer.state.asked, asked);
    await issuer.rotate("second");
    const unknown = await issuer.sign({ sub: "anna" }, { kid: "second" });
    const statuses = await Promise.all(
      Array.from({ length: 5 }, async () => (await ask("GET", "/notes", unknown)).status),
    );
    // Within the pause after the last look the new key is not asked for: a flood of unknown ids reaches no issuer.
    assert.ok(statuses.every((status) => status === 401));
    assert.equal(issuer.state.asked, asked);
  });

  it("a key that is new is found by a service that has not just asked", async () => {
    const other = await startTestService(notesContract, notes, {
      environment: service.environment,
      place: service.place,
    });
    try {
      const token = await issuer.sign({ sub: "anna" }, { kid: "second" });
      const answer = await other.ask("GET", "/notes", { key: null, headers: { authorization: `Bearer ${token}` } });
      assert.equal(answer.status, 200);
    } finally {
      await other.close();
    }
  });

  it("while the issuer is away, known keys go on and a service that knows none says so", async () => {
    issuer.state.away = true;
    try {
      assert.equal((await ask("GET", "/notes", await issuer.sign({ sub: "anna" }, { kid: "first" }))).status, 200);
      const other = await startTestService(notesContract, notes, {
        environment: service.environment,
        place: service.place,
      });
      const token = await issuer.sign({ sub: "anna" });
      const answer = await other.ask("GET", "/notes", { key: null, headers: { authorization: `Bearer ${token}` } });
      assert.deepEqual(
        [await refusal(answer), answer.headers.get("retry-after")],
        [[503, problemUri("unavailable")], "2"],
      );
      await other.close();
    } finally {
      issuer.state.away = false;
    }
  });

  it("a stream ends with its token, with a goodbye", async () => {
    const token = await issuer.sign({ sub: "anna" }, { kid: "first", expires: Math.floor(Date.now() / 1000) + 2 });
    const answer = await ask("GET", "/mine/stream", token);
    assert.match(await answer.text(), /event: goodbye\ndata: the token has expired; come back with a new one/);
  });
});
