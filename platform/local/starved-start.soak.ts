import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { startPlatformProcess, stopPlatformProcess } from "../testing/platform-process";

/** Ends with this process. */
const loop = "const parent = process.ppid; while (process.ppid === parent);";
const starts = Number(process.env.SOAK_STARTS ?? 10);
const loops = Number(process.env.SOAK_BUSY_LOOPS ?? 2 * availableParallelism());

/**
 * Many minutes: the platform starts at the lowest priority beside busy loops at a normal one. A machine that is slow makes it slow,
 * and nothing else. Each loop and the platform are sessions of their own, so that Linux shares the processors among them alike where
 * it groups processes by session (autogroup); elsewhere the platform gets what the loops leave at its priority.
 */
describe("a start on a machine that is starved of processor time, soak", function () {
  this.timeout(0);
  const busy: ChildProcess[] = [];

  before(() => {
    for (let n = 0; n < loops; n++) {
      busy.push(spawn(process.execPath, ["-e", loop], { detached: true, stdio: "ignore" }));
    }
  });
  after(() => {
    for (const loop of busy) loop.kill("SIGKILL");
  });

  for (let n = 1; n <= starts; n++) {
    it(`comes up, start ${n} of ${starts}`, async () => {
      const dataDir = mkdtempSync(join(tmpdir(), "starved-start-"));
      try {
        const platform = await startPlatformProcess({ dataDir, niceness: 19 });
        const stopSeconds = await stopPlatformProcess(platform);
        const times = `up after ${platform.seconds.toFixed(0)} s, stopped in ${stopSeconds.toFixed(1)} s`;
        console.log(`start ${n}: ${times}; ${loops} busy loops, load average ${loadavg()[0]!.toFixed(0)}`);
      } finally {
        rmSync(dataDir, { recursive: true, force: true });
      }
    });
  }
});
