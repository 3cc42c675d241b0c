// Runs the stubs of all services without code here in one process: each one's own script, as its task definition has it, with its
// port mapped to one of this machine. STUBS is a JSON list of { service, script, port, localPort }.
const http = require("node:http");

const stubs = JSON.parse(process.env.STUBS ?? "[]");
const endings = [];

for (const { service, script, port, localPort } of stubs) {
  const say = (line) => console.log(`${service}: ${line}`);
  /** What the script requires: http, whose servers listen on loopback at the port of this machine. */
  const requireHere = (name) => {
    if (name !== "http") throw new Error(`${service}: the stub asks for ${name}, which it may not`);
    return {
      createServer(listener) {
        const server = http.createServer(listener);
        const listen = server.listen.bind(server);
        server.listen = (asked, done) => listen(asked === port ? localPort : asked, "127.0.0.1", done);
        return server;
      },
    };
  };
  /** Its process: one of many here, so that its end is not the end of the others. */
  const processHere = {
    on: (event, listener) => event === "SIGTERM" && endings.push(listener),
    exit: () => undefined,
  };
  new Function("require", "process", "console", "setInterval", script)(requireHere, processHere, { log: say }, () => 0);
}

process.on("SIGTERM", () => {
  for (const end of endings) end();
  process.exit(0);
});
// Workers have no listener; the process lives for them too.
setInterval(() => undefined, 60_000);
