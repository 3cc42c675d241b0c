import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type ServerUnaryCall, type sendUnaryData, status, type UntypedServiceImplementation } from "@grpc/grpc-js";
import { LanguageRuntimeService } from "@pulumi/pulumi/proto/language_grpc_pb";
import languagePb, { type ProgramInfo, type RunRequest } from "@pulumi/pulumi/proto/language_pb";
import pluginPb from "@pulumi/pulumi/proto/plugin_pb";
import { Empty } from "../../engine/wire";
import { servePlugin } from "./serve-plugin";

// `pulumi-language-nodejs` for tests: runs a Node program with the runner of its own SDK, as Pulumi's language host does. It
// installs nothing and generates nothing.

/** The runner's exit code for an error that it has reported itself. */
const alreadyReported = 32;

type Unary<Request, Response> = (call: ServerUnaryCall<Request, Response>, reply: sendUnaryData<Response>) => void;

function unary<Request, Response>(
  answer: (request: Request) => Response | Promise<Response>,
): Unary<Request, Response> {
  return (call, reply) => {
    Promise.resolve(call.request)
      .then(answer)
      .then(
        (response) => reply(null, response),
        (error: unknown) => reply({ code: status.UNKNOWN, details: String(error) }),
      );
  };
}

function run(request: RunRequest, engine: string): Promise<InstanceType<typeof languagePb.RunResponse>> {
  const info = request.getInfo();
  if (info === undefined) throw new Error("the CLI gave no program");
  const folder = info.getProgramDirectory();
  const runner = createRequire(join(folder, "package.json")).resolve("@pulumi/pulumi/cmd/run/index.js");
  const child = spawn(process.execPath, [...nodeArguments(info), runner, ...runnerArguments(request, info, engine)], {
    cwd: folder,
    env: environment(request, info),
    stdio: ["ignore", "inherit", "inherit"],
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      const response = new languagePb.RunResponse();
      if (code === alreadyReported) response.setBail(true);
      else if (code !== 0) response.setError(`Program exited with non-zero exit code: ${code ?? signal}`);
      resolve(response);
    });
  });
}

function options(info: ProgramInfo): Record<string, unknown> {
  return (info.getOptions()?.toJavaScript() ?? {}) as Record<string, unknown>;
}

function nodeArguments(info: ProgramInfo): string[] {
  const given = options(info).nodeargs;
  return typeof given === "string" ? given.split(" ").filter((word) => word !== "") : [];
}

function runnerArguments(request: RunRequest, info: ProgramInfo, engine: string): string[] {
  return [
    `--monitor=${request.getMonitorAddress()}`,
    `--engine=${engine}`,
    `--organization=${request.getOrganization()}`,
    `--project=${request.getProject()}`,
    `--root-directory=${info.getRootDirectory()}`,
    `--stack=${request.getStack()}`,
    `--pwd=${request.getPwd()}`,
    ...(request.getDryrun() ? ["--dry-run"] : []),
    `--parallel=${request.getParallel()}`,
    info.getEntryPoint(),
    ...request.getArgsList(),
  ];
}

function environment(request: RunRequest, info: ProgramInfo): NodeJS.ProcessEnv {
  const { typescript, tsconfig } = options(info);
  return {
    ...process.env,
    PULUMI_CONFIG: JSON.stringify(Object.fromEntries(request.getConfigMap().entries())),
    PULUMI_CONFIG_SECRET_KEYS: JSON.stringify(request.getConfigsecretkeysList()),
    ...(typescript === false ? {} : { PULUMI_NODEJS_TYPESCRIPT: "true" }),
    ...(typeof tsconfig === "string" ? { PULUMI_NODEJS_TSCONFIG_PATH: tsconfig } : {}),
  };
}

const engineAddress = process.argv.at(-1) ?? "";

const implementation: UntypedServiceImplementation = {
  run: unary((request: RunRequest) => run(request, engineAddress)),
  getPluginInfo: unary(() => new pluginPb.PluginInfo().setVersion(process.argv[2] ?? "0.0.0")),
  getRequiredPackages: unary(() => new languagePb.GetRequiredPackagesResponse()),
  getRequiredPlugins: unary(() => new languagePb.GetRequiredPluginsResponse()),
  getProgramDependencies: unary(() => new languagePb.GetProgramDependenciesResponse()),
  about: unary(() => new languagePb.AboutResponse().setExecutable(process.execPath).setVersion(process.version)),
  runtimeOptionsPrompts: unary(() => new languagePb.RuntimeOptionsResponse()),
  handshake: unary(() => new languagePb.LanguageHandshakeResponse()),
  cancel: unary(() => new Empty()),
};

servePlugin(LanguageRuntimeService, implementation);
