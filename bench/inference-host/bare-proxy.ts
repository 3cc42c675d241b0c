/** The floor of bench/inference-host.ts: a proxy that pipes bytes and knows nothing. */
import { Agent, createServer, request } from "node:http";

const [target = "", port = "0"] = process.argv.slice(2);
const agent = new Agent({ keepAlive: true });

createServer((incoming, outgoing) => {
  const upstream = request(
    target + incoming.url,
    { method: incoming.method, headers: incoming.headers, agent },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    },
  );
  upstream.on("error", () => outgoing.destroy());
  incoming.pipe(upstream);
}).listen({ port: Number(port), host: "127.0.0.1", backlog: 4_096 });
