import { Agent, request } from "node:http";

/** Reads one URL again and again over one kept connection. */
export class HttpPoller {
  private readonly agent = new Agent({ keepAlive: true, maxSockets: 1 });
  private readonly url: URL;

  /**
   * @param url http only: everything that is polled is on this node.
   * @param timeoutMs Milliseconds from connecting to the last byte.
   * @param longest Bytes of body after which an answer is refused.
   */
  constructor(
    url: string,
    private readonly timeoutMs: number,
    private readonly longest = 4_194_304,
  ) {
    this.url = new URL(url);
  }

  /** The body of a 200 answer. @throws Error on any other status, a broken connection, or no end in time */
  get(): Promise<string> {
    return new Promise((resolve, reject) => {
      const { hostname, port, pathname, search } = this.url;
      const options = { agent: this.agent, host: hostname.replace(/^\[|\]$/g, ""), port: port || 80 };
      const call = request({ ...options, path: `${pathname}${search}` }, (response) => {
        const chunks: Buffer[] = [];
        let length = 0;
        response.on("data", (chunk: Buffer) => {
          length += chunk.length;
          if (length > this.longest) call.destroy(new Error(`answer is longer than ${this.longest} bytes`));
          else chunks.push(chunk);
        });
        response.on("error", reject);
        response.on("end", () => {
          if (response.statusCode === 200) resolve(Buffer.concat(chunks).toString("utf8"));
          else reject(new Error(`HTTP ${response.statusCode}`));
        });
      });
      const deadline = setTimeout(
        () => call.destroy(new Error(`no answer within ${this.timeoutMs} ms`)),
        this.timeoutMs,
      );
      call.on("error", reject);
      call.on("close", () => clearTimeout(deadline));
      call.end();
    });
  }

  close(): void {
    this.agent.destroy();
  }
}
