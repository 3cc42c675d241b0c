import { spawn } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { freePort } from "../free-port";
import { installPythonPackage } from "./python-package";

/** An emulator of AWS that is no part of this project. */
export const moto = "moto[server]==5.2.5";

export interface Check {
  readonly name: string;
  readonly passed: boolean;
  readonly detail: string;
}

/**
 * Runs checks against moto and prints what each said; where pip cannot install it, says that they were skipped.
 * @param what What is checked, for that line.
 * @returns The exit code.
 */
export async function checkAgainstMoto(what: string, run: (endpoint: string) => Promise<Check[]>): Promise<number> {
  const place = installPythonPackage(moto);
  if (place === undefined) {
    console.log(`skipped: ${what} with ${moto} (pip could not install it)\n0 passed, 0 failed`);
    return 0;
  }
  process.env.AWS_ACCESS_KEY_ID ??= "moto";
  process.env.AWS_SECRET_ACCESS_KEY ??= "moto";
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const server = spawn("python3", ["-m", "moto.server", "-H", "127.0.0.1", "-p", String(port)], {
    stdio: "ignore",
    env: { ...process.env, PYTHONPATH: place },
  });
  try {
    await listening(endpoint);
    const checks = await run(endpoint);
    for (const { name, passed, detail } of checks) console.log(`${passed ? "ok    " : "FAILED"} ${name}: ${detail}`);
    const failed = checks.filter(({ passed }) => !passed).length;
    console.log(`${checks.length - failed} passed, ${failed} failed`);
    return failed === 0 ? 0 : 1;
  } finally {
    server.kill();
  }
}

async function listening(endpoint: string): Promise<void> {
  for (let attempt = 0; attempt < 600; attempt += 1) {
    const answer = await fetch(endpoint).catch(() => undefined);
    if (answer !== undefined) return;
    await sleep(200);
  }
  throw new Error(`moto does not listen at ${endpoint}`);
}
