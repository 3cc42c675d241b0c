import { createServer, type Server, type Socket } from "node:net";

/**
 * A loopback port that exists before the gRPC library is loaded, so that the program can be started at once: connections wait
 * here until someone takes them.
 */
export class Listener {
  private readonly waiting: Socket[] = [];
  private readonly sockets = new Set<Socket>();
  private take: ((socket: Socket) => void) | undefined;

  private constructor(
    private readonly server: Server,
    /** `127.0.0.1:<port>`. */
    readonly address: string,
  ) {}

  static async open(): Promise<Listener> {
    const server = createServer({ noDelay: true });
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", resolve);
    });
    const address = server.address();
    if (address === null || typeof address === "string") throw new Error("no TCP address");
    const listener = new Listener(server, `127.0.0.1:${address.port}`);
    server.on("connection", (socket) => listener.accept(socket));
    return listener;
  }

  /** From now on `take` gets every connection, those that came before first. */
  handOver(take: (socket: Socket) => void): void {
    this.take = take;
    for (const socket of this.waiting.splice(0)) take(socket);
  }

  close(): void {
    this.server.close();
    for (const socket of this.sockets) socket.destroy();
  }

  private accept(socket: Socket): void {
    this.sockets.add(socket);
    socket.once("close", () => this.sockets.delete(socket));
    if (this.take === undefined) this.waiting.push(socket);
    else this.take(socket);
  }
}
