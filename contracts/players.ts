/** Variables in which a service takes the OpenID issuer whose tokens players and operators bring. */
export const playerVariables = {
  issuer: "PLAYER_ISSUER",
  audience: "PLAYER_AUDIENCE",
  jwksUrl: "PLAYER_JWKS_URL",
  algorithm: "PLAYER_ALGORITHM",
  operatorScope: "OPERATOR_SCOPE",
} as const;

/** Signature algorithms of tokens: asymmetric ones only, since a shared secret would let every service make tokens. */
export const signatureAlgorithms = ["RS256", "PS256", "ES256", "EdDSA"] as const;
export type SignatureAlgorithm = (typeof signatureAlgorithms)[number];

/** Scope that makes an operator, where nothing else is said. */
export const defaultOperatorScope = "operator";
