import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify } from "jose";
import { InputError } from "../../contracts/input-error";
import {
  defaultOperatorScope,
  playerVariables as names,
  type SignatureAlgorithm,
  signatureAlgorithms,
} from "../../contracts/players";
import { refused, unavailable } from "./problems";
import type { Surroundings } from "./surroundings";

/** The OpenID issuer whose tokens players and operators bring. */
export interface IssuerSettings {
  /** Exactly the `iss` of its tokens. */
  readonly issuer: string;
  /** The `aud` that a token must name, so that one that was made for another application is of no use here. */
  readonly audience: string;
  /** Where its public keys are. @default what its discovery document says */
  readonly jwksUrl?: string;
  /** The one signature algorithm that is taken, whatever a token's header says. */
  readonly algorithm: SignatureAlgorithm;
  /** Scope that makes an operator. */
  readonly operatorScope: string;
}

/** What a token says. */
export interface PlayerToken {
  readonly subject: string;
  readonly operator: boolean;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}

export interface PlayerTokens {
  /** @throws Problem 401 for a token that is not to be believed, 503 while the issuer's keys cannot be had */
  verify(token: string): Promise<PlayerToken>;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Seconds by which the issuer's clock may differ. */
const clockToleranceSeconds = 30;
/** Keys are asked for again after this long, and at once for a key id that is new, but not more often than every 30 s. */
const keysMs = 600_000;
const cooldownMs = 30_000;
const askMs = 3_000;

/**
 * Reads PLAYER_ISSUER, PLAYER_AUDIENCE, PLAYER_JWKS_URL, PLAYER_ALGORITHM and OPERATOR_SCOPE; undefined without an issuer.
 * @throws InputError that names the variable
 */
export function issuerSettings(environment: Environment): IssuerSettings | undefined {
  const issuer = environment[names.issuer];
  if (!issuer) return undefined;
  requireUrl(names.issuer, issuer);
  const audience = environment[names.audience];
  if (!audience) throw wrong(names.audience, audience, "the audience of this studio's tokens");
  const jwksUrl = environment[names.jwksUrl] || undefined;
  if (jwksUrl !== undefined) requireUrl(names.jwksUrl, jwksUrl);
  const given = environment[names.algorithm] || "RS256";
  const algorithm = signatureAlgorithms.find((each) => each === given);
  if (algorithm === undefined) throw wrong(names.algorithm, given, signatureAlgorithms.join(", "));
  return {
    issuer,
    audience,
    jwksUrl,
    algorithm,
    operatorScope: environment[names.operatorScope] || defaultOperatorScope,
  };
}

/** Verifies tokens with the issuer's public keys, which are fetched at first use and kept. */
export function playerTokens(settings: IssuerSettings, around: Surroundings): PlayerTokens {
  let keys: Promise<ReturnType<typeof createRemoteJWKSet>> | undefined;
  const keySet = () => {
    keys ??= findKeys(settings, around).catch((error: unknown) => {
      keys = undefined;
      throw error;
    });
    return keys;
  };
  return {
    async verify(token) {
      const options = {
        algorithms: [settings.algorithm],
        issuer: settings.issuer,
        audience: settings.audience,
        clockTolerance: clockToleranceSeconds,
        currentDate: new Date(around.clock.now()),
        requiredClaims: ["sub", "exp"],
      };
      try {
        const { payload } = await jwtVerify(token, await keySet(), options);
        return readPayload(payload, settings.operatorScope);
      } catch (error) {
        throw refusal(error);
      }
    },
  };
}

async function findKeys({ issuer, jwksUrl }: IssuerSettings, around: Surroundings) {
  const url = jwksUrl ?? (await discover(issuer, around));
  return createRemoteJWKSet(new URL(url), {
    cacheMaxAge: keysMs,
    cooldownDuration: cooldownMs,
    timeoutDuration: askMs,
  });
}

/** Source: OpenID Connect Discovery 1.0, section 4. */
async function discover(issuer: string, around: Surroundings): Promise<string> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  const answer = await around.fetch(url, { signal: AbortSignal.timeout(askMs) });
  const document = (await answer.json()) as { issuer?: unknown; jwks_uri?: unknown };
  if (document.issuer !== issuer || typeof document.jwks_uri !== "string") {
    throw new Error(`${url} is not the discovery document of ${issuer}`);
  }
  return document.jwks_uri;
}

function readPayload({ sub = "", exp = 0, scope, scp }: JWTPayload, operatorScope: string): PlayerToken {
  const given = scope ?? scp;
  const scopes = Array.isArray(given) ? given : typeof given === "string" ? given.split(" ") : [];
  if (sub === "" || sub.length > 255) throw refused("the token names no subject");
  return { subject: sub, operator: scopes.includes(operatorScope), expiresAt: exp * 1000 };
}

function refusal(error: unknown): unknown {
  if (error instanceof errors.JWTExpired) return refused("the token has expired");
  if (error instanceof errors.JWTClaimValidationFailed)
    return refused(`the token's ${error.claim} is not accepted here`);
  const ofToken = [
    errors.JWTInvalid,
    errors.JWSInvalid,
    errors.JWSSignatureVerificationFailed,
    errors.JOSEAlgNotAllowed,
    errors.JOSENotSupported,
    errors.JWKSNoMatchingKey,
    errors.JWKSMultipleMatchingKeys,
  ];
  if (ofToken.some((kind) => error instanceof kind)) return refused("the token is not one of the issuer's");
  if (error instanceof Error && error.name === "Problem") return error;
  return unavailable("the issuer's keys cannot be had now; try again");
}

function requireUrl(name: string, given: string): void {
  const url = URL.canParse(given) ? new URL(given) : undefined;
  const loopback = url !== undefined && ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname);
  if (url?.protocol === "https:" || (url?.protocol === "http:" && loopback)) return;
  throw wrong(name, given, "an https:// address; http:// on the loopback interface only");
}

function wrong(name: string, given: unknown, allowed: string): InputError {
  return new InputError({ path: name, given, allowed, where: name });
}
