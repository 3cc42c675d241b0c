import type { PricingClientConfig } from "@aws-sdk/client-pricing";
import { InputError } from "../../../contracts/input-error";
import type { FetchProducts } from "./refresh";

/** The price list is served in few regions; this one holds the prices of all. */
const servedIn = "us-east-1";

/**
 * The price list API of AWS, with the credentials that its SDK finds. The SDK is loaded only here.
 * @param config Over the SDK's own choices: another endpoint, other credentials.
 * @throws InputError where there are no credentials, or where they may not read prices.
 */
export async function awsProducts(config: PricingClientConfig = {}): Promise<FetchProducts> {
  // The SDK's advice on Node's version is for whoever builds this, not for whoever runs it.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED ??= "true";
  const { GetProductsCommand, PricingClient } = await import("@aws-sdk/client-pricing");
  const client = new PricingClient({ region: servedIn, ...config });
  return async ({ service, filters }, region) => {
    const found: string[] = [];
    let token: string | undefined;
    do {
      const command = new GetProductsCommand({
        ServiceCode: service,
        Filters: Object.entries({ regionCode: region, ...filters }).map(([Field, Value]) => ({
          Type: "TERM_MATCH",
          Field,
          Value,
        })),
        NextToken: token,
      });
      const page = await client.send(command).catch((error: unknown) => {
        throw explained(error);
      });
      found.push(...(page.PriceList ?? []).map(String));
      token = page.NextToken;
    } while (token !== undefined);
    return found;
  };
}

const refusals = new Set([
  "CredentialsProviderError",
  "AccessDeniedException",
  "UnrecognizedClientException",
  "InvalidSignatureException",
  "ExpiredTokenException",
]);

function explained(error: unknown): unknown {
  if (!(error instanceof Error) || !refusals.has(error.name)) return error;
  return new InputError({
    path: "credentials",
    given: error.name,
    allowed: "credentials of an AWS account that may call pricing:GetProducts",
    where: "the environment, or AWS_PROFILE",
  });
}
