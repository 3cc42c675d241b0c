import { Signer } from "@aws-sdk/rds-signer";

/**
 * Signs RDS IAM authentication tokens. A token opens connections for 15 minutes and an open connection outlives it, so one is
 * signed for each new connection; signing is local and costs well under a millisecond once credentials are at hand.
 */
export function rdsToken(options: { host: string; port: number; user: string; region: string }): () => Promise<string> {
  const signer = new Signer({
    hostname: options.host,
    port: options.port,
    username: options.user,
    region: options.region,
  });
  return () => signer.getAuthToken();
}
