import { Server, ServerCredentials } from "@grpc/grpc-js";
import engineRpc from "@pulumi/pulumi/proto/engine_grpc_pb";
import resourceRpc from "@pulumi/pulumi/proto/resource_grpc_pb";
import type { Listener } from "./listener";
import type { Monitor } from "./monitor";

const maxMessageBytes = 400 * 1024 * 1024;

/** Serves the resource monitor and the engine on connections that the listener took. */
export function serve(monitor: Monitor, listener: Listener): Server {
  const server = new Server({
    "grpc.max_receive_message_length": maxMessageBytes,
    "grpc.server_max_unrequested_time_in_server": 30 * 60,
  });
  server.addService(resourceRpc.ResourceMonitorService, { ...monitor.resourceMonitor });
  server.addService(engineRpc.EngineService, { ...monitor.engine });
  const injector = server.createConnectionInjector(ServerCredentials.createInsecure());
  listener.handOver((socket) => injector.injectConnection(socket));
  return server;
}
