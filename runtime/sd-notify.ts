import { execFile } from "node:child_process";

export interface SdNotifyOptions {
  /** Environment of the process; `NOTIFY_SOCKET`, `WATCHDOG_USEC` and `WATCHDOG_PID` are read. @default process.env */
  readonly env?: NodeJS.ProcessEnv;
  /** The program that sends. Node has no Unix datagram sockets of its own. @default `systemd-notify` */
  readonly command?: string;
  /** Called once with the first failure to send; a process must not die of its supervisor's socket. */
  readonly onError?: (error: Error) => void;
}

/**
 * Talks to systemd as `Type=notify` asks. Where `NOTIFY_SOCKET` is unset every call is silent. The unit needs
 * `NotifyAccess=all`, since the message comes from a child. Source: systemd-notify(1), sd_notify(3).
 */
export interface SdNotify {
  /** True where systemd listens. */
  readonly enabled: boolean;
  /** Milliseconds between two watchdog pings, half of what systemd allows; undefined without a watchdog. */
  readonly watchdogMs: number | undefined;
  /** Reports readiness. @param status One line for `systemctl status`. */
  ready(status?: string): Promise<void>;
  /** Sets the line that `systemctl status` shows. */
  status(text: string): Promise<void>;
  /** Reports that the process has begun to stop. */
  stopping(): Promise<void>;
  /**
   * Pings the watchdog for as long as `isAlive` says true; systemd restarts the unit when pings stay away.
   * @returns Ends the pings.
   */
  startWatchdog(isAlive: () => boolean): () => void;
}

/** Longest time in milliseconds that one message may take. */
const sendTimeoutMs = 5000;

/** Opens the channel to systemd; nothing is sent before the first call. */
export function createSdNotify(options: SdNotifyOptions = {}): SdNotify {
  const env = options.env ?? process.env;
  const command = options.command ?? "systemd-notify";
  const enabled = Boolean(env.NOTIFY_SOCKET);
  const watchdogMs = enabled ? watchdogInterval(env) : undefined;
  let failed = false;
  let sending: Promise<void> = Promise.resolve();

  /** One child at a time, in order: READY must not overtake STATUS. */
  function send(...assignments: string[]): Promise<void> {
    if (!enabled) return Promise.resolve();
    sending = sending.then(
      () =>
        new Promise((resolve) => {
          execFile(command, assignments, { env, timeout: sendTimeoutMs, killSignal: "SIGKILL" }, (error) => {
            if (error !== null && !failed) {
              failed = true;
              options.onError?.(error);
            }
            resolve();
          });
        }),
    );
    return sending;
  }

  return {
    enabled,
    watchdogMs,
    ready: (status) => send("READY=1", ...(status === undefined ? [] : [`STATUS=${oneLine(status)}`])),
    status: (text) => send(`STATUS=${oneLine(text)}`),
    stopping: () => send("STOPPING=1"),
    startWatchdog: (isAlive) => {
      if (watchdogMs === undefined) return () => undefined;
      const timer = setInterval(() => {
        if (isAlive()) void send("WATCHDOG=1");
      }, watchdogMs);
      timer.unref();
      return () => clearInterval(timer);
    },
  };
}

function watchdogInterval(env: NodeJS.ProcessEnv): number | undefined {
  const microseconds = Number(env.WATCHDOG_USEC);
  if (!(microseconds > 0)) return undefined;
  if (env.WATCHDOG_PID && Number(env.WATCHDOG_PID) !== process.pid) return undefined;
  return Math.max(1, Math.floor(microseconds / 2000));
}

function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
