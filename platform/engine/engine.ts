import { createRequire } from "node:module";
import { join, relative, sep } from "node:path";
import type { Duplex } from "node:stream";
import { fileURLToPath } from "node:url";
import { Callbacks } from "./callbacks";
import { DefaultProviders } from "./default-providers";
import { DynamicProvider } from "./dynamic-provider";
import type { EvaluationError } from "./errors";
import { InvokeTable } from "./invokes";
import type { Listener } from "./listener";
import { Monitor } from "./monitor";
import { OfflineAnswers } from "./offline-answers";
import type { Project } from "./project";
import { plugins } from "./providers";
import { StandIns } from "./references";
import { Registrar } from "./registrar";
import { serve } from "./server";
import type { Diagnostic, EvaluateOptions, PropertyMap, RecordedResource } from "./types";

export interface EngineOptions {
  readonly stack: string;
  readonly project: Project;
  readonly config: Readonly<Record<string, string>>;
  readonly stackOutputs: Readonly<Record<string, PropertyMap>>;
  readonly parameters?: Readonly<Record<string, string>>;
  /** Give the program stand-ins for outputs that only the cloud knows. */
  readonly standIns?: boolean;
  readonly deployed?: EvaluateOptions["deployed"];
  readonly listener: Listener;
  /** The program's own pipe to the engine. */
  readonly pipe: Duplex;
  readonly onDiagnostic: (diagnostic: Diagnostic) => void;
  readonly onRefusal: (error: EvaluationError, fatal: boolean) => void;
  readonly onComplete: (outputs: PropertyMap) => void;
}

export interface Engine {
  /** What was recorded so far, in order. */
  readonly resources: () => RecordedResource[];
  readonly close: () => void;
}

/** Puts the parts of the engine together and serves them. */
export function createEngine(options: EngineOptions): Engine {
  const { stack, project, config } = options;
  const callbacks = new Callbacks();
  const answers = OfflineAnswers.read(project.root);
  const invokes = new InvokeTable("invoke", plugins, answers, options.parameters, options.standIns);
  const calls = new InvokeTable("call", plugins, answers);
  const providers = new DefaultProviders(stack, project.name, config, (record) => registrar.settle(record));
  const dynamicProvider = new DynamicProvider(project.pwd);
  const registrar: Registrar = new Registrar({
    stack,
    project: project.name,
    folder: project.pwd,
    callbacks,
    providers,
    dynamicProvider,
    components: new Map(plugins.flatMap((plugin) => Object.entries(plugin.components ?? {}))),
    componentOutputs: (type) => answers.component(type),
    componentAliases: new Map(plugins.flatMap((plugin) => Object.entries(plugin.componentAliases ?? {}))),
    invoke: (token, args, provider) =>
      invokes.answer(token, args, registrar.invokeProvider({ token, args, provider }, undefined)),
    dependencyVersion: (provider, dependency) => dependencyVersion(project, provider, dependency),
    deployed: options.deployed,
    standIns: options.standIns ? new StandIns(project.pwd) : undefined,
    warn: (message, urn) => options.onDiagnostic({ severity: "warning", message, urn }),
  });
  const monitor = new Monitor({
    stack,
    project: project.name,
    registrar,
    callbacks,
    invokes,
    calls,
    stackOutputs: options.stackOutputs,
    place: (uri) => relativePlace(project.root, uri),
    onDiagnostic: options.onDiagnostic,
    onRefusal: options.onRefusal,
    onComplete: options.onComplete,
  });
  const server = serve(monitor, options.listener, options.pipe);
  return {
    resources: () => [...registrar.records.values()],
    close: () => {
      callbacks.close();
      dynamicProvider.close();
      server.forceShutdown();
    },
  };
}

/** The lowest version that satisfies what `@pulumi/<provider>` asks for: its plugin is built with that one. */
function dependencyVersion(project: Project, provider: string, dependency: string): string | undefined {
  try {
    const manifest: { dependencies?: Record<string, string> } = createRequire(join(project.pwd, "package.json"))(
      `@pulumi/${provider}/package.json`,
    );
    return manifest.dependencies?.[dependency]?.replace(/^[\^~]/, "");
  } catch {
    return undefined;
  }
}

function relativePlace(root: string, uri: string): string | undefined {
  if (!uri.startsWith("file:")) return undefined;
  const path = relative(root, fileURLToPath(uri));
  return path.startsWith("..") || path.includes(`node_modules${sep}`) ? undefined : path.split(sep).join("/");
}
