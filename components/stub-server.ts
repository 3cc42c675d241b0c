/**
 * The public Node image that runs the stub, by digest so that it never changes under a deployment: node:24-alpine (24.19.0) of the Docker
 * Official Images as Amazon ECR Public mirrors it, for x86_64 and arm64.
 */
export const stubImage =
  "public.ecr.aws/docker/library/node:24-alpine@sha256:d32cdf619f63fe0471182d08996dd516c6275bb5fd31ae06e55a570bd9e1ad43";

/** The user that the image brings without root's rights. */
export const stubUser = "1000:1000";

/** What a stub stands in for. */
export interface StubOptions {
  readonly service: string;
  /** Absent for a worker, whose stub only lives. */
  readonly port?: number;
  readonly healthPath?: string;
}

/**
 * The command of a service that has no image yet: a server of a few lines that answers the health path and says in every answer
 * that it is a stub; 501 for everything else. A worker's stub only lives. Both end at once on SIGTERM.
 */
export function stubCommand({ service, port, healthPath }: StubOptions): string[] {
  return [
    "node",
    "-e",
    port === undefined ? workerScript(service) : serverScript(service, port, healthPath ?? "/health"),
  ];
}

function serverScript(service: string, port: number, healthPath: string): string {
  return [
    `const service=${JSON.stringify(service)},health=${JSON.stringify(healthPath)};`,
    "const server=require('http').createServer((request,response)=>{",
    "const ok=request.url.split('?')[0]===health;",
    "response.writeHead(ok?200:501,{'content-type':'application/json'});",
    "response.end(JSON.stringify({service,status:ok?'ok':'not implemented',stub:true})+'\\n')});",
    `server.listen(${port},()=>console.log(JSON.stringify({service,port:${port},stub:true})));`,
    "process.on('SIGTERM',()=>{server.close(()=>process.exit(0));server.closeIdleConnections()});",
  ].join("");
}

function workerScript(service: string): string {
  return [
    "process.on('SIGTERM',()=>process.exit(0));",
    "setInterval(()=>{},60000);",
    `console.log(JSON.stringify({service:${JSON.stringify(service)},stub:true}));`,
  ].join("");
}

/**
 * A container health check for images that hold Node but no curl: 0 when the path answers 2xx within 4 seconds, else 1.
 */
export function nodeHealthCommand(port: number, path: string): string[] {
  const url = JSON.stringify(`http://127.0.0.1:${port}${path}`);
  const script = `fetch(${url},{signal:AbortSignal.timeout(4000)}).then(r=>process.exit(r.ok?0:1),()=>process.exit(1))`;
  return ["CMD", "node", "-e", script];
}
