import { type Client, credentials } from "@grpc/grpc-js";
import callbackRpc from "@pulumi/pulumi/proto/callback_grpc_pb";
import type { CallbackInvokeResponse } from "@pulumi/pulumi/proto/callback_pb";
import callbackPb from "@pulumi/pulumi/proto/callback_pb";
import resourcePb from "@pulumi/pulumi/proto/resource_pb";
import type { CallbackRef, Goal } from "./goal";
import { optionsFromMessage, optionsToMessage } from "./messages";
import type { PropertyMap, Urn } from "./types";
import { fromStruct, toStruct } from "./wire";

const maxMessageBytes = 400 * 1024 * 1024;

export interface InvokeCall {
  readonly token: string;
  readonly args: PropertyMap;
  readonly provider?: string;
  readonly version?: string;
  readonly pluginDownloadUrl?: string;
}

export interface HookCall {
  readonly urn: Urn;
  readonly name: string;
  readonly type: string;
  readonly newInputs: PropertyMap;
  readonly newOutputs?: PropertyMap;
}

/** Calls the functions that the program registered: transforms of resources and invokes, and resource hooks. */
export class Callbacks {
  private readonly clients = new Map<string, Client & InstanceType<typeof callbackRpc.CallbacksClient>>();

  /** Runs one resource transform. */
  async transformResource(ref: CallbackRef, goal: Goal): Promise<Goal> {
    const request = new resourcePb.TransformRequest();
    request.setType(goal.type);
    request.setName(goal.name);
    request.setCustom(goal.custom);
    request.setParent(goal.parent ?? "");
    request.setProperties(toStruct(goal.inputs));
    request.setOptions(optionsToMessage(goal.options));
    const response = resourcePb.TransformResponse.deserializeBinary(await this.call(ref, request.serializeBinary()));
    const options = response.getOptions();
    return {
      ...goal,
      inputs: fromStruct(response.getProperties()),
      options: options === undefined ? goal.options : optionsFromMessage(options),
    };
  }

  /** Runs one invoke transform. */
  async transformInvoke(ref: CallbackRef, invoke: InvokeCall): Promise<InvokeCall> {
    const given = new resourcePb.TransformInvokeOptions();
    given.setProvider(invoke.provider ?? "");
    given.setVersion(invoke.version ?? "");
    given.setPluginDownloadUrl(invoke.pluginDownloadUrl ?? "");
    const request = new resourcePb.TransformInvokeRequest();
    request.setToken(invoke.token);
    request.setArgs(toStruct(invoke.args));
    request.setOptions(given);
    const bytes = await this.call(ref, request.serializeBinary());
    const response = resourcePb.TransformInvokeResponse.deserializeBinary(bytes);
    const options = response.getOptions() ?? given;
    return {
      token: invoke.token,
      args: fromStruct(response.getArgs()),
      provider: options.getProvider() || undefined,
      version: options.getVersion() || undefined,
      pluginDownloadUrl: options.getPluginDownloadUrl() || undefined,
    };
  }

  /** Runs one resource hook; the hook's own error text comes back, or nothing when it went well. */
  async runHook(ref: CallbackRef, hook: HookCall): Promise<string | undefined> {
    const request = new resourcePb.ResourceHookRequest();
    request.setUrn(hook.urn);
    request.setName(hook.name);
    request.setType(hook.type);
    request.setNewInputs(toStruct(hook.newInputs));
    if (hook.newOutputs !== undefined) request.setNewOutputs(toStruct(hook.newOutputs));
    const bytes = await this.call(ref, request.serializeBinary());
    return resourcePb.ResourceHookResponse.deserializeBinary(bytes).getError() || undefined;
  }

  close(): void {
    for (const client of this.clients.values()) client.close();
    this.clients.clear();
  }

  private call(ref: CallbackRef, request: Uint8Array): Promise<Uint8Array> {
    const message = new callbackPb.CallbackInvokeRequest();
    message.setToken(ref.token);
    message.setRequest(request);
    return new Promise((resolve, reject) => {
      this.client(ref.target).invoke(message, (error: Error | null, response: CallbackInvokeResponse) => {
        if (error === null) resolve(response.getResponse_asU8());
        else reject(new Error((error as { details?: string }).details ?? error.message));
      });
    });
  }

  private client(target: string) {
    const existing = this.clients.get(target);
    if (existing !== undefined) return existing;
    const client = new callbackRpc.CallbacksClient(target, credentials.createInsecure(), {
      "grpc.max_receive_message_length": maxMessageBytes,
      "grpc.enable_http_proxy": 0,
    });
    this.clients.set(target, client);
    return client;
  }
}
