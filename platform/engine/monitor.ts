import { type ServerUnaryCall, type sendUnaryData, status } from "@grpc/grpc-js";
import type { IEngineServer } from "@pulumi/pulumi/proto/engine_grpc_pb";
import enginePb, { type LogRequest } from "@pulumi/pulumi/proto/engine_pb";
import providerPb from "@pulumi/pulumi/proto/provider_pb";
import type { IResourceMonitorServer } from "@pulumi/pulumi/proto/resource_grpc_pb";
import resourcePb, {
  type ReadResourceRequest,
  type RegisterPackageRequest,
  type RegisterResourceRequest,
  type ResourceCallRequest,
  type ResourceInvokeRequest,
} from "@pulumi/pulumi/proto/resource_pb";
import type { Callbacks, InvokeCall } from "./callbacks";
import { EvaluationError } from "./errors";
import type { CallbackRef } from "./goal";
import type { InvokeTable } from "./invokes";
import { callbackRef, goalFromRequest } from "./messages";
import type { Registrar } from "./registrar";
import { stackReferenceOutputs } from "./stack-reference";
import type { Diagnostic, PropertyMap, Severity } from "./types";
import { makeUrn, packageOf, parseUrn, rootStackType } from "./urn";
import { flattenOutputValues, mapValues } from "./values";
import { Empty, fromStruct, toStruct } from "./wire";

const { CallResponse, InvokeResponse } = providerPb;

/** Features of the CLI's engine that this one implements too; the SDK asks for each by name. */
const features = new Set([
  "secrets",
  "resourceReferences",
  "outputValues",
  "deletedWith",
  "replaceWith",
  "aliasSpecs",
  "transforms",
  "invokeTransforms",
  "parameterization",
  "resourceHooks",
  "errorHooks",
]);

export interface MonitorParts {
  readonly stack: string;
  readonly project: string;
  readonly registrar: Registrar;
  readonly callbacks: Callbacks;
  readonly invokes: InvokeTable;
  readonly calls: InvokeTable;
  readonly stackOutputs: Readonly<Record<string, PropertyMap>>;
  /** Maps a `file:` URI of the program to a path relative to the project. */
  readonly place: (uri: string) => string | undefined;
  readonly onDiagnostic: (diagnostic: Diagnostic) => void;
  /** Called when the engine refuses a request; `fatal` when the program cannot go on without what it asked for. */
  readonly onRefusal: (error: EvaluationError, fatal: boolean) => void;
  /** Called once the program has handed over the stack's outputs: it is complete. */
  readonly onComplete: (outputs: PropertyMap) => void;
}

type Handler<Request, Response> = (request: Request) => Promise<Response> | Response;

/** The two services that a Pulumi program talks to. */
export class Monitor {
  private readonly invokeTransforms: CallbackRef[] = [];
  private rootUrn = "";

  constructor(private readonly parts: MonitorParts) {}

  get resourceMonitor(): Omit<IResourceMonitorServer, "getDeploymentInfo"> {
    const { registrar } = this.parts;
    return {
      supportsFeature: this.unary((request) =>
        new resourcePb.SupportsFeatureResponse().setHassupport(features.has(request.getId())),
      ),
      registerResource: this.unary((request) => this.registerResource(request)),
      readResource: this.unary((request) => this.readResource(request)),
      registerResourceOutputs: this.unary(async (request) => {
        const outputs = await registrar.setOutputs(request.getUrn(), fromStruct(request.getOutputs()));
        if (parseUrn(request.getUrn()).type === rootStackType) this.parts.onComplete(outputs);
        return new Empty();
      }),
      invoke: this.unary((request) => this.invoke(request), "the program may go on"),
      call: this.unary((request) => this.call(request), "the program may go on"),
      registerStackTransform: this.unary((request) => {
        registrar.stackTransforms.push(callbackRef(request));
        return new Empty();
      }),
      registerStackInvokeTransform: this.unary((request) => {
        this.invokeTransforms.push(callbackRef(request));
        return new Empty();
      }),
      registerResourceHook: this.unary((request) => {
        const callback = request.getCallback();
        if (callback === undefined)
          throw new EvaluationError("engine", `the hook ${request.getName()} has no function`);
        registrar.hooks.set(request.getName(), {
          callback: callbackRef(callback),
          onDryRun: request.getOnDryRun(),
          ignoreErrors: request.getIgnoreErrors(),
        });
        return new Empty();
      }),
      registerErrorHook: this.unary(() => new Empty()),
      registerPackage: this.unary((request) => this.registerPackage(request)),
      signalAndWaitForShutdown: this.unary(() => new Empty()),
    };
  }

  get engine(): IEngineServer {
    return {
      log: this.unary((request) => this.log(request)),
      getRootResource: this.unary(() => new enginePb.GetRootResourceResponse().setUrn(this.rootUrn)),
      setRootResource: this.unary((request) => {
        this.rootUrn = request.getUrn();
        return new enginePb.SetRootResourceResponse();
      }),
      startDebugging: this.unary(() => new Empty()),
      requirePulumiVersion: this.unary(() => new enginePb.RequirePulumiVersionResponse()),
    };
  }

  private async registerResource(request: RegisterResourceRequest) {
    const { record, outputs, outputDependencies } = await this.parts.registrar.register(
      goalFromRequest(request, this.parts.place),
    );
    const response = new resourcePb.RegisterResourceResponse();
    response.setUrn(record.urn);
    response.setId(record.id ?? "");
    response.setObject(toStruct(outputs));
    for (const [key, urns] of Object.entries(outputDependencies)) {
      const dependencies = new resourcePb.RegisterResourceResponse.PropertyDependencies();
      response.getPropertydependenciesMap().set(key, dependencies.setUrnsList([...urns]));
    }
    return response;
  }

  private readResource(request: ReadResourceRequest) {
    const { stack, project, registrar } = this.parts;
    const type = request.getType();
    const name = request.getName();
    const parent = request.getParent() || undefined;
    const inputs = fromStruct(request.getProperties());
    const outputs =
      type === "pulumi:pulumi:StackReference" ? stackReferenceOutputs(inputs, this.parts.stackOutputs) : inputs;
    const position = request.getSourceposition();
    const file = position === undefined ? undefined : this.parts.place(position.getUri());
    const record = registrar.read(
      {
        urn: makeUrn(stack, project, parent, type, name),
        type,
        name,
        custom: true,
        external: true,
        id: request.getId(),
        ...(parent === undefined ? {} : { parent }),
        inputs,
        outputs,
        dependencies: [...request.getDependenciesList()].sort(),
        propertyDependencies: {},
        options: {},
        ...(file === undefined ? {} : { sourcePosition: `${file}:${position?.getLine()}:${position?.getColumn()}` }),
      },
      { name: packageOf(type), version: request.getVersion() || undefined },
      request.getProvider() || undefined,
    );
    return new resourcePb.ReadResourceResponse().setUrn(record.urn).setProperties(toStruct(record.outputs));
  }

  private async invoke(request: ResourceInvokeRequest) {
    const { registrar, callbacks } = this.parts;
    if (request.getTok() === "pulumi:pulumi:getResource") return this.getResource(fromStruct(request.getArgs()));
    let call: InvokeCall = {
      token: request.getTok(),
      args: fromStruct(request.getArgs()),
      provider: request.getProvider() || undefined,
      version: request.getVersion() || undefined,
      pluginDownloadUrl: request.getPlugindownloadurl() || undefined,
    };
    for (const ref of this.invokeTransforms) call = await callbacks.transformInvoke(ref, call);
    const provider = registrar.invokeProvider(call, request.getPackageref() || undefined);
    const result = await this.parts.invokes.answer(call.token, call.args, provider);
    return new InvokeResponse().setReturn(toStruct(result));
  }

  /** A resource reference in an output is turned back into a resource by asking for its state. */
  private getResource(args: PropertyMap) {
    const urn = String(args.urn);
    const record = this.parts.registrar.records.get(urn);
    if (record === undefined)
      throw new EvaluationError("engine", `the program asked for ${urn}, which is not registered`);
    const state: PropertyMap = { ...record.outputs };
    return new InvokeResponse().setReturn(toStruct({ urn, id: record.id ?? "", state }));
  }

  private async call(request: ResourceCallRequest) {
    const args = mapValues(fromStruct(request.getArgs()), (value) => flattenOutputValues(value));
    const provider = request.getProvider();
    const result = await this.parts.calls.answer(request.getTok(), args, this.parts.registrar.providerInputs(provider));
    return new CallResponse().setReturn(toStruct(result));
  }

  private registerPackage(request: RegisterPackageRequest) {
    const parameterization = request.getParameterization();
    const name = parameterization?.getName() ?? request.getName();
    const version = (parameterization?.getVersion() ?? request.getVersion()) || undefined;
    const ref = `${name}@${version ?? ""}`;
    this.parts.registrar.packages.set(ref, { name, version, downloadUrl: request.getDownloadUrl() || undefined });
    return new resourcePb.RegisterPackageResponse().setRef(ref);
  }

  private log(request: LogRequest) {
    const severity = severities[request.getSeverity()] ?? "info";
    const urn = request.getUrn() || undefined;
    this.parts.onDiagnostic({ severity, message: request.getMessage(), ...(urn === undefined ? {} : { urn }) });
    return new Empty();
  }

  /** Wraps a handler: what it throws is remembered as the engine's refusal and answered as a gRPC error. */
  private unary<Request, Response>(
    handle: Handler<Request, Response>,
    onError: "the program ends" | "the program may go on" = "the program ends",
  ) {
    return (call: ServerUnaryCall<Request, Response>, reply: sendUnaryData<Response>): void => {
      Promise.resolve(call.request)
        .then(handle)
        .then(
          (response) => reply(null, response),
          (error: unknown) => {
            const refusal = EvaluationError.isInstance(error)
              ? error
              : new EvaluationError("engine", error instanceof Error ? error.message : String(error));
            this.parts.onRefusal(refusal, onError === "the program ends");
            reply({ code: status.UNKNOWN, details: refusal.message });
          },
        );
    };
  }
}

const severities: Readonly<Record<number, Severity>> = {
  [enginePb.LogSeverity.DEBUG]: "debug",
  [enginePb.LogSeverity.INFO]: "info",
  [enginePb.LogSeverity.WARNING]: "warning",
  [enginePb.LogSeverity.ERROR]: "error",
};
