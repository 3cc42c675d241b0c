// The program's side of the pipe to the engine. The SDK's calls carry the same messages under the same names as over gRPC, without
// HTTP/2, which is a quarter of a large program's processor time in both processes. Only the SDK that runs the program is changed:
// another copy, bundled into the program or below one of its packages, goes on speaking gRPC to the engine's address.
"use strict";

const { AsyncResource } = require("node:async_hooks");
const { Socket } = require("node:net");
const { readFrames, writeFrame } = require("./frames.cjs");

const clients = [
  ["resource_grpc_pb", "ResourceMonitorService", "ResourceMonitorClient"],
  ["engine_grpc_pb", "EngineService", "EngineClient"],
];

/**
 * Sends the calls of the SDK's clients to the engine through a pipe.
 * @param descriptor File descriptor of the pipe.
 * @param address The engine's address; clients of any other stay as they are.
 */
exports.callOverPipe = (requireFromRunner, descriptor, address) => {
  const { Metadata, status } = requireFromRunner("@grpc/grpc-js");
  const call = openPipe(descriptor, (code, details) =>
    Object.assign(new Error(`${code} ${status[code]}: ${details}`), { code, details, metadata: new Metadata() }),
  );
  for (const [file, service, client] of clients) {
    const rpc = requireFromRunner(`../../proto/${file}`);
    for (const [name, method] of Object.entries(rpc[service])) {
      const overGrpc = rpc[client].prototype[name];
      rpc[client].prototype[name] = function (request, ...rest) {
        if (!this.getChannel().getTarget().endsWith(address)) return overGrpc.call(this, request, ...rest);
        return call(method, request, AsyncResource.bind(rest.at(-1)));
      };
    }
  }
};

const unavailable = 14;

function openPipe(descriptor, makeError) {
  const waiting = new Map();
  const pipe = new Socket({ fd: descriptor });
  const settle = (id, error, body) => {
    const { method, callback } = waiting.get(id);
    waiting.delete(id);
    if (waiting.size === 0) pipe.unref();
    if (error === undefined) callback(null, method.responseDeserialize(body));
    else callback(makeError(error.code, error.details));
  };
  const gone = () => {
    for (const id of [...waiting.keys()]) settle(id, { code: unavailable, details: "the engine is gone" });
  };
  // It ends the program no sooner and no later than it would end without it.
  pipe.unref();
  pipe.on("error", () => {}).on("close", gone);
  readFrames(pipe, ({ id, error }, body) => settle(id, error, body));
  let last = 0;
  return (method, request, callback) => {
    last += 1;
    waiting.set(last, { method, callback });
    pipe.ref();
    if (pipe.destroyed) setImmediate(gone);
    else writeFrame(pipe, { id: last, path: method.path }, method.requestSerialize(request));
  };
}
