import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type ServerUnaryCall, type sendUnaryData, status } from "@grpc/grpc-js";
import pluginPb from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import providerPb, {
  type CheckRequest,
  type ConfigureRequest,
  type CreateRequest,
  type DeleteRequest,
  type DiffRequest,
  type InvokeRequest,
  type ReadRequest,
  type UpdateRequest,
} from "@pulumi/pulumi/proto/provider_pb";
import { DeclaredOutputs } from "../../engine/declared-outputs";
import { InvokeTable } from "../../engine/invokes";
import { plugins } from "../../engine/providers";
import type { PropertyMap, PropertyValue } from "../../engine/types";
import { parseUrn } from "../../engine/urn";
import { isUnknown, mapValues } from "../../engine/values";
import { Empty, fromStruct, toStruct } from "../../engine/wire";
import { Ledger } from "./ledger";
import { servePlugin } from "./serve-plugin";
import { changedOutputs, placeholders, standInDiff } from "./stand-in-resource";

// A STAND-IN for the provider of a package, for tests with the real CLI. It creates nothing: what a program declares comes back as
// outputs, with named placeholders for the rest, and a ledger says what would exist.
//
//   STAND_IN_LEDGER           the ledger's file
//   STAND_IN_PROGRAM          folder of the program, whose SDKs say which outputs a type has
//   STAND_IN_FAIL             logical name of a resource whose creation the cloud refuses   (default none)
//   STAND_IN_ANSWER_AFTER_MS  pause between acting and answering, in which a test can kill the CLI   (default 0)

const ledger = new Ledger(process.env.STAND_IN_LEDGER ?? "ledger.jsonl");
const declared = new DeclaredOutputs(process.env.STAND_IN_PROGRAM ?? ".");
const pauseMs = Number(process.env.STAND_IN_ANSWER_AFTER_MS ?? 0);
const invokes = new InvokeTable("invoke", plugins);
let configuration: PropertyMap = {};

function unary<Request, Response>(answer: (request: Request) => Response | Promise<Response>) {
  return (call: ServerUnaryCall<Request, Response>, reply: sendUnaryData<Response>): void => {
    Promise.resolve(call.request)
      .then(answer)
      .then(
        (response) => reply(null, response),
        (error: unknown) =>
          reply({ code: status.UNKNOWN, details: error instanceof Error ? error.message : String(error) }),
      );
  };
}

/** Marks the inputs of what somebody else made: whatever the program says of it is right. */
const adopted = "__adopted";

const typeOf = (urn: string): string => parseUrn(urn).type;

async function create(request: CreateRequest) {
  const urn = request.getUrn();
  const inputs = fromStruct(request.getProperties());
  if (request.getPreview()) return new providerPb.CreateResponse().setProperties(toStruct(inputs));
  const { type, name } = parseUrn(urn);
  if (name === process.env.STAND_IN_FAIL) throw new Error(`the cloud refuses ${name}`);
  const id = freshId(urn, name);
  const outputs = { ...placeholders(type, id, declared.of(type), inputs), ...inputs };
  ledger.append({ op: "create", type, urn, id, outputs, ...tagsOf(type, inputs) });
  await sleep(pauseMs);
  return new providerPb.CreateResponse().setId(id).setProperties(toStruct(outputs));
}

/** A type with `tagsAll` can carry tags: its own over the provider's default ones. */
function tagsOf(type: string, inputs: PropertyMap): { readonly tags?: Record<string, string> } {
  if (!declared.of(type).some(({ name }) => name === "tagsAll")) return {};
  const given = configuration.defaultTags;
  const shared = typeof given === "string" ? JSON.parse(given) : given;
  return { tags: { ...shared?.tags, ...(inputs.tags as Record<string, string> | undefined) } };
}

/** The same program gives the same ids, each creation of a URN another one. */
function freshId(urn: string, name: string): string {
  const earlier = ledger.entries().filter((entry) => entry.urn === urn && entry.op === "create").length;
  return `${name}-${createHash("sha256").update(`${urn}#${earlier}`).digest("hex").slice(0, 8)}`;
}

async function update(request: UpdateRequest) {
  const urn = request.getUrn();
  const type = typeOf(urn);
  const [inputs, oldInputs] = [fromStruct(request.getNews()), fromStruct(request.getOldInputs())];
  const kept = Object.entries(fromStruct(request.getOlds())).filter(([key]) => !(key in oldInputs) || key in inputs);
  const olds = Object.fromEntries(kept);
  const outputs = { ...olds, ...changedOutputs(type, olds, request.getPreview()), ...inputs };
  if (!request.getPreview()) {
    ledger.append({ op: "update", type, urn, id: request.getId(), outputs, ...tagsOf(type, inputs) });
    await sleep(pauseMs);
  }
  return new providerPb.UpdateResponse().setProperties(toStruct(outputs));
}

async function remove(request: DeleteRequest) {
  const urn = request.getUrn();
  ledger.append({ op: "delete", type: typeOf(urn), urn, id: request.getId() });
  await sleep(pauseMs);
  return new Empty();
}

function read(request: ReadRequest) {
  const id = request.getId();
  const response = new providerPb.ReadResponse();
  const found = ledger.existing().get(id);
  if (found !== undefined) {
    const inputs = fromStruct(request.getInputs());
    return response
      .setId(id)
      .setProperties(toStruct(found.outputs ?? {}))
      .setInputs(toStruct(inputs));
  }
  if (ledger.entries().some((entry) => entry.id === id)) return response;
  // What is looked up or imported was made by somebody else.
  const { type, name } = parseUrn(request.getUrn());
  const properties = fromStruct(request.getProperties());
  const outputs = { ...placeholders(type, name, declared.of(type), properties), ...properties };
  return response
    .setId(id)
    .setProperties(toStruct(outputs))
    .setInputs(toStruct({ ...properties, [adopted]: true }));
}

function diff(request: DiffRequest) {
  const type = typeOf(request.getUrn());
  const news = fromStruct(request.getNews());
  const olds = fromStruct(request.getOldInputs());
  const found = standInDiff(type, adopted in olds ? news : olds, news);
  const response = new providerPb.DiffResponse();
  response.setChanges(
    found.diffs.length > 0
      ? providerPb.DiffResponse.DiffChanges.DIFF_SOME
      : providerPb.DiffResponse.DiffChanges.DIFF_NONE,
  );
  response.setDiffsList(found.diffs).setReplacesList(found.replaces);
  response.setDeletebeforereplace(found.deleteBeforeReplace).setHasdetaileddiff(true);
  for (const [path, kind] of Object.entries(found.detailed)) {
    const code = providerPb.PropertyDiff.Kind[kind];
    response.getDetaileddiffMap().set(path, new providerPb.PropertyDiff().setKind(code).setInputdiff(true));
  }
  return response;
}

async function invoke(request: InvokeRequest) {
  const token = request.getTok();
  const answer = await invokes.answer(token, fromStruct(request.getArgs()), configuration);
  const known = (name: string, value: PropertyValue): PropertyValue =>
    isUnknown(value) ? `${name}-of-${token.split(":").at(-1)}` : value;
  const plain = Object.fromEntries(Object.entries(answer).map(([name, value]) => [name, known(name, value)]));
  return new providerPb.InvokeResponse().setReturn(toStruct(plain));
}

function configure(request: ConfigureRequest) {
  configuration = mapValues(fromStruct(request.getArgs()), (value) => value);
  // Like the providers of AWS: secrets are kept apart, references to resources arrive as ids.
  return new providerPb.ConfigureResponse().setAcceptsecrets(true).setSupportspreview(true);
}

const check = unary((request: CheckRequest) =>
  new providerPb.CheckResponse().setInputs(toStruct(fromStruct(request.getNews()))),
);

servePlugin(ResourceProviderService, {
  handshake: unary(() => new providerPb.ProviderHandshakeResponse().setAcceptSecrets(true)),
  getPluginInfo: unary(() => new pluginPb.PluginInfo().setVersion(process.argv[2] ?? "0.0.0")),
  checkConfig: check,
  check,
  diffConfig: unary(diff),
  diff: unary(diff),
  configure: unary(configure),
  invoke: unary(invoke),
  create: unary(create),
  update: unary(update),
  delete: unary(remove),
  read: unary(read),
  cancel: unary(() => new Empty()),
});
