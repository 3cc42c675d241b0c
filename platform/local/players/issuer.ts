import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { z } from "zod";
import { defaultOperatorScope, playerVariables } from "../../../contracts/players";
import { readBody, sendJson } from "../../../runtime/openai/http";
import { parseBody } from "../../../runtime/openai/requests";
import type { Route } from "../console/route";

/** An OpenID issuer of this machine, as far as services need one: discovery, keys, and tokens for made-up players. */
export interface LocalIssuer {
  /** Variables with which services accept its tokens; nothing accepts them anywhere else. */
  readonly variables: Readonly<Record<string, string>>;
  /** Its paths, for the console's server, behind the same checks of Host and Origin: loopback alone stops no DNS rebinding. */
  readonly routes: readonly (readonly [path: string, route: Route])[];
  /** Signs a token. @returns It, and when it expires */
  sign(who: SignIn): Promise<{ readonly token: string; readonly expiresAt: string }>;
}

/** Path of the issuer below the console's address. */
const base = "/players";
const audience = "game-ai-platform-local";
const algorithm = "ES256";
const tokenMinutes = 60;
const bodyLimitBytes = 1024;

const signInBody = z.strictObject({
  player: z.string().regex(/^[\w.-]{1,64}$/, "1 to 64 letters, digits and . _ -"),
  operator: z.boolean().default(false),
});
export type SignIn = z.input<typeof signInBody>;

/**
 * Makes an issuer with a key of its own, which lives as long as this process.
 * @param consoleUrl Address of the console, whose server answers its paths.
 */
export async function localIssuer(consoleUrl: string): Promise<LocalIssuer> {
  const issuer = `${consoleUrl}${base}`;
  const { privateKey, publicKey } = await generateKeyPair(algorithm);
  const kid = "local";
  const keys = { keys: [{ ...(await exportJWK(publicKey)), kid, alg: algorithm, use: "sig" }] };
  const sign: LocalIssuer["sign"] = async ({ player, operator = false }) => {
    const expiresAt = new Date(Math.floor(Date.now() / 1000 + tokenMinutes * 60) * 1000);
    const token = await new SignJWT(operator ? { scope: defaultOperatorScope } : {})
      .setProtectedHeader({ alg: algorithm, kid })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(player)
      .setIssuedAt()
      .setExpirationTime(expiresAt)
      .sign(privateKey);
    return { token, expiresAt: expiresAt.toISOString() };
  };
  const get = (answer: object): Route => ({
    method: "GET",
    answer: ({ response }) => sendJson(response, 200, answer),
  });
  return {
    sign,
    variables: {
      [playerVariables.issuer]: issuer,
      [playerVariables.audience]: audience,
      [playerVariables.algorithm]: algorithm,
      [playerVariables.jwksUrl]: `${issuer}/keys`,
      [playerVariables.operatorScope]: defaultOperatorScope,
    },
    routes: [
      [`${base}/.well-known/openid-configuration`, get({ issuer, jwks_uri: `${issuer}/keys` })],
      [`${base}/keys`, get(keys)],
      [
        `${base}/sign-in`,
        {
          method: "POST",
          answer: async ({ request, response }) => {
            const who = parseBody(signInBody, await readBody(request, bodyLimitBytes));
            sendJson(response, 200, await sign(who));
          },
        },
      ],
    ],
  };
}
