import { listenVariables, loopbackHost } from "../../../runtime/listen";

/** What a program of this machine is told to listen on: never the network. */
export const loopback = { [listenVariables.host]: loopbackHost } as const;

/** Addresses that stand for every network of a machine. */
const everyAddress: readonly string[] = ["0.0.0.0", "::", "[::]"];

/** Where the names of the stack answer on this machine: `host:port` to a loopback `host:port`. */
export class AddressBook {
  readonly #entries = new Map<string, string>();

  add(host: string, port: number, localPort: number): void {
    this.#entries.set(`${host}:${port}`, `127.0.0.1:${localPort}`);
  }

  /** Whether anything answers here under the name of a host. */
  hasHost(host: string): boolean {
    return [...this.#entries.keys()].some((entry) => entry.startsWith(`${host}:`));
  }

  /** A text in which every `http://host:port` of a known name leads to this machine, and the address of all networks is loopback's. */
  localise(text: string): string {
    if (everyAddress.includes(text)) return loopbackHost;
    return text.replaceAll(/(https?:\/\/)([\w.-]+:\d+)/g, (found, scheme: string, authority: string) => {
      const local = this.#entries.get(authority);
      return local === undefined ? found : `${scheme}${local}`;
    });
  }
}
