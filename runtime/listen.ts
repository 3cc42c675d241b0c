import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { InputError } from "../contracts/input-error";

export interface ListenAddress {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
}

/** A setting, and the options or variables that it comes from. */
export interface AddressSetting {
  readonly path: string;
  readonly where: string;
}

/** Variables in which every program takes where it listens; a program's own ones come first (`listenSettings`). */
export const listenVariables = { host: "HOST", port: "PORT" } as const;

/** Where programs listen unless they are told otherwise: only who deploys one opens it to a network. */
export const loopbackHost = "127.0.0.1";

/** Connections that wait to be taken: thousands of streams may come at once. */
const backlog = 4_096;
const otherMachine: ReadonlySet<string | undefined> = new Set(["EADDRNOTAVAIL", "ENOTFOUND", "EAI_AGAIN"]);

/**
 * Opens a server's port.
 * @returns the port
 * @throws InputError that names the setting, when the port is taken or the address is not this machine's
 */
export async function listen(
  server: Server,
  { host, port }: ListenAddress,
  settings: { readonly host: AddressSetting; readonly port: AddressSetting },
): Promise<number> {
  server.listen({ host, port, backlog });
  try {
    await once(server, "listening");
  } catch (error) {
    throw addressProblem(error as NodeJS.ErrnoException, { host, port }, settings);
  }
  return (server.address() as AddressInfo).port;
}

/** What a server's failure to listen says to a person. */
export function addressProblem(
  { code }: NodeJS.ErrnoException,
  { host, port }: ListenAddress,
  settings: { readonly host: AddressSetting; readonly port: AddressSetting },
): InputError {
  if (otherMachine.has(code)) {
    return new InputError({ ...settings.host, given: host, allowed: `an address of this machine (${code})` });
  }
  const allowed = code === "EADDRINUSE" ? "a port that nobody listens at" : "a port that can be opened";
  return new InputError({ ...settings.port, given: port, allowed: `${allowed} (${code})` });
}
