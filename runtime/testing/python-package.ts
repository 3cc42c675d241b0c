import { spawnSync } from "node:child_process";
import { chmodSync, existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/**
 * Folder of a Python package that a third-party peer of the tests comes in, installed by pip beside the temporary files and kept for
 * later runs; undefined where it cannot be had. Put the folder on `PYTHONPATH` to run what is in it.
 *
 * @param requirement with its version, `moto[server]==5.2.5`
 * @param withDependencies @default true
 */
export function installPythonPackage(requirement: string, withDependencies = true): string | undefined {
  const place = join(tmpdir(), `python-${requirement.replaceAll(/[^A-Za-z0-9.]+/g, "-")}`);
  if (existsSync(place)) return place;
  // Renamed when it is whole, so that an install that was cut off is not taken for one.
  const fresh = mkdtempSync(`${place}-`);
  const options = ["--quiet", "--target", fresh, ...(withDependencies ? [] : ["--no-deps"])];
  const { status } = spawnSync("python3", ["-m", "pip", "install", ...options, requirement], { stdio: "ignore" });
  if (status !== 0) {
    rmSync(fresh, { recursive: true });
    return undefined;
  }
  // A server that refuses to run as root must be able to read it.
  chmodSync(fresh, 0o755);
  renameSync(fresh, place);
  return place;
}
