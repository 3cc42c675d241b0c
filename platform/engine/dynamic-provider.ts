import { type ChildProcess, spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { credentials } from "@grpc/grpc-js";
import providerRpc from "@pulumi/pulumi/proto/provider_grpc_pb";
import providerPb, { type CheckResponse } from "@pulumi/pulumi/proto/provider_pb";
import type { PropertyMap, Urn } from "./types";
import { containsSecret, isUnknown, mapValues, secret, withoutSecrets } from "./values";
import { fromStruct, toStruct } from "./wire";

/** The package of resources whose provider is a part of the program. */
export const dynamicPackage = "pulumi-nodejs";

type Client = InstanceType<typeof providerRpc.ResourceProviderClient>;

/** Runs the `check` of dynamic providers, in the process that the program's SDK has for it; started when the first is needed. */
export class DynamicProvider {
  private child: ChildProcess | undefined;
  private client: Promise<Client> | undefined;

  /** @param folder Working directory of the program. */
  constructor(private readonly folder: string) {}

  /**
   * The inputs as `check` leaves them. It gets no earlier inputs, and secrets in plain text, as from the CLI's engine.
   * @throws Error with what `check` threw, or the properties that it refuses.
   */
  async check(urn: Urn, inputs: PropertyMap): Promise<PropertyMap> {
    if (isUnknown(inputs.__provider) || !hasCheck(inputs.__provider)) return inputs;
    this.client ??= this.start();
    const client = await this.client;
    const request = new providerPb.CheckRequest();
    request.setUrn(urn);
    request.setOlds(toStruct({}));
    request.setNews(toStruct(mapValues(inputs, withoutSecrets)));
    const response = await new Promise<CheckResponse>((resolve, reject) => {
      client.check(request, (error, answer) => {
        if (error === null) resolve(answer);
        else reject(new Error(error.details));
      });
    });
    const failures = response.getFailuresList().map((failure) => `${failure.getProperty()}: ${failure.getReason()}`);
    if (failures.length > 0) throw new Error(failures.join("; "));
    return withSecretsOf(inputs, fromStruct(response.getInputs()));
  }

  close(): void {
    this.child?.kill("SIGKILL");
  }

  private async start(): Promise<Client> {
    const main = createRequire(join(this.folder, "package.json")).resolve(
      "@pulumi/pulumi/cmd/dynamic-provider/index.js",
    );
    // The address of an engine has to be given and is not used.
    const child = spawn(process.execPath, [main, "127.0.0.1:0"], {
      cwd: this.folder,
      stdio: ["ignore", "pipe", "ignore"],
    });
    this.child = child;
    const port = await new Promise<string>((resolve, reject) => {
      child.once("error", reject);
      child.once("exit", (code) => reject(new Error(`the process of dynamic providers ended with ${code}`)));
      createInterface({ input: child.stdout }).once("line", resolve);
    });
    return new providerRpc.ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
      "grpc.enable_http_proxy": 0,
    });
  }
}

/** A serialised provider names its functions; most have no `check`, and need no process. */
function hasCheck(provider: unknown): boolean {
  return typeof provider !== "string" || /\bcheck\b/.test(provider);
}

/** What came in secret stays secret, each property as a whole, since the provider saw plain text. */
function withSecretsOf(given: PropertyMap, checked: PropertyMap): PropertyMap {
  return Object.fromEntries(
    Object.entries(checked).map(([key, value]) => [
      key,
      given[key] !== undefined && containsSecret(given[key]) ? secret(value) : value,
    ]),
  );
}
