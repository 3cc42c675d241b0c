import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createSdNotify } from "./sd-notify";

describe("systemd notification", () => {
  let folder: string;
  let record: string;
  let command: string;

  /** A double of the systemd-notify program: writes down what it was called with. */
  function systemdNotifyDouble(): void {
    folder = mkdtempSync(join(tmpdir(), "sd-notify-"));
    record = join(folder, "record");
    command = join(folder, "systemd-notify-double");
    writeFileSync(command, `#!/bin/sh\necho "$NOTIFY_SOCKET $*" >> "${record}"\n`);
    chmodSync(command, 0o755);
  }
  const lines = (): string[] => (existsSync(record) ? readFileSync(record, "utf8").trim().split("\n") : []);

  beforeEach(systemdNotifyDouble);
  afterEach(() => rmSync(folder, { recursive: true }));

  it("is silent where systemd does not listen", async () => {
    const notify = createSdNotify({ command, env: { WATCHDOG_USEC: "2000" } });
    await notify.ready("up");
    await notify.stopping();
    notify.startWatchdog(() => true)();
    assert.deepEqual([notify.enabled, notify.watchdogMs, lines()], [false, undefined, []]);
  });

  it("sends readiness, status and stopping in the order of the calls", async () => {
    const notify = createSdNotify({ command, env: { NOTIFY_SOCKET: "/run/x", PATH: process.env.PATH } });
    void notify.ready("sampling\n8 GPUs");
    void notify.status("fine");
    await notify.stopping();
    assert.deepEqual(lines(), ["/run/x READY=1 STATUS=sampling 8 GPUs", "/run/x STATUS=fine", "/run/x STOPPING=1"]);
  });

  it("pings twice within the watchdog's time, and only while alive", async () => {
    const env = { NOTIFY_SOCKET: "/run/x", WATCHDOG_USEC: "20000", WATCHDOG_PID: String(process.pid) };
    const notify = createSdNotify({ command, env: { ...env, PATH: process.env.PATH } });
    assert.equal(notify.watchdogMs, 10);
    let asked = 0;
    const alive = await new Promise<() => void>((resolve) => {
      const stop = notify.startWatchdog(() => {
        asked += 1;
        if (asked === 4) resolve(stop);
        return asked <= 2;
      });
    });
    alive();
    await notify.status("end");
    assert.deepEqual(lines(), ["/run/x WATCHDOG=1", "/run/x WATCHDOG=1", "/run/x STATUS=end"]);
  });

  it("leaves a watchdog that is meant for another process alone", () => {
    const env = { NOTIFY_SOCKET: "/run/x", WATCHDOG_USEC: "20000", WATCHDOG_PID: "1" };
    assert.equal(createSdNotify({ command, env }).watchdogMs, undefined);
  });

  it("reports a missing program once and goes on", async () => {
    const errors: Error[] = [];
    const notify = createSdNotify({
      command: join(folder, "absent"),
      env: { NOTIFY_SOCKET: "/run/x" },
      onError: (error) => errors.push(error),
    });
    await notify.ready();
    await notify.status("still here");
    assert.equal(errors.length, 1);
  });
});
