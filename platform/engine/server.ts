import type { Duplex } from "node:stream";
import {
  type handleUnaryCall,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  status,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import engineRpc from "@pulumi/pulumi/proto/engine_grpc_pb";
import resourceRpc from "@pulumi/pulumi/proto/resource_grpc_pb";
import { readFrames, writeFrame } from "./frames.cjs";
import type { Listener } from "./listener";
import type { Monitor } from "./monitor";

const maxMessageBytes = 400 * 1024 * 1024;
const nothing = new Uint8Array();

/**
 * Serves the resource monitor and the engine: by gRPC on connections that the listener took, and without HTTP/2 on the pipe that
 * the program's own SDK uses (`program-pipe.cjs`).
 */
export function serve(monitor: Monitor, listener: Listener, pipe: Duplex): Server {
  const server = new Server({
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.server_max_unrequested_time_in_server": 30 * 60,
  });
  const services: [ServiceDefinition, UntypedServiceImplementation][] = [
    [resourceRpc.ResourceMonitorService, { ...monitor.resourceMonitor }],
    [engineRpc.EngineService, { ...monitor.engine }],
  ];
  for (const [service, implementation] of services) server.addService(service, implementation);
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  listener.handOver((socket) => injector.injectConnection(socket));
  servePipe(services, pipe);
  return server;
}

function servePipe(services: readonly [ServiceDefinition, UntypedServiceImplementation][], pipe: Duplex): void {
  const methods = new Map(
    services.flatMap(([service, implementation]) =>
      Object.entries(service).map(([name, method]) => [method.path, { method, handle: implementation[name] }]),
    ),
  );
  // A program that ends before its answer does not take it.
  pipe.on("error", () => undefined);
  readFrames(pipe, ({ id, path }, body) => {
    const { method, handle } = methods.get(path) ?? {};
    if (method === undefined || handle === undefined) {
      return writeFrame(pipe, { id, error: { code: status.UNIMPLEMENTED, details: `${path} is not there` } }, nothing);
    }
    const call = { request: method.requestDeserialize(body) } as ServerUnaryCall<unknown, unknown>;
    (handle as handleUnaryCall<unknown, unknown>)(call, (error, response) => {
      if (error === null) return writeFrame(pipe, { id }, method.responseSerialize(response));
      const { code = status.UNKNOWN, details = "" } = error;
      writeFrame(pipe, { id, error: { code, details } }, nothing);
    });
  });
}
