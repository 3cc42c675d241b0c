// Waits for what the registry's own scan says of an image and fails on a critical finding:
// `node images/containers/scan.cjs REPOSITORY TAG`, with the AWS CLI. Plain JavaScript, since the job that runs it installs nothing.
const { execFileSync } = require("node:child_process");
const { setTimeout: sleep } = require("node:timers/promises");

/** Asks again until the scan has ended, a quarter of an hour at most. */
const [everyMs, tries] = [10_000, 90];

/**
 * Judges the answer of `aws ecr describe-image-scan-findings`.
 * @returns {{ state: "waiting" | "clean" | "refused", lines: string[] }}
 */
function judgeScan({ imageScanStatus, imageScanFindings }) {
  const { status } = imageScanStatus ?? {};
  if (status === "IN_PROGRESS" || status === "PENDING" || status === undefined) return { state: "waiting", lines: [] };
  if (status !== "COMPLETE" && status !== "ACTIVE")
    return { state: "refused", lines: [`the scan ended with ${status}`] };
  const critical = (imageScanFindings?.findings ?? []).filter(({ severity }) => severity === "CRITICAL");
  const lines = critical.map(({ name, attributes = [] }) => {
    const value = (key) => attributes.find((attribute) => attribute.key === key)?.value ?? "?";
    return `${name}: ${value("package_name")} ${value("package_version")}`;
  });
  return { state: lines.length === 0 ? "clean" : "refused", lines };
}

async function main([repository, tag]) {
  for (let attempt = 0; attempt < tries; attempt += 1) {
    const { state, lines } = judgeScan(ask(repository, tag));
    if (state !== "waiting") {
      console.log([`${repository}:${tag}: ${state}`, ...lines].join("\n"));
      return state === "clean" ? 0 : 1;
    }
    await sleep(everyMs);
  }
  console.log(`${repository}:${tag}: no answer of the scan`);
  return 1;
}

function ask(repository, tag) {
  const args = [
    "ecr",
    "describe-image-scan-findings",
    "--repository-name",
    repository,
    "--image-id",
    `imageTag=${tag}`,
  ];
  try {
    return JSON.parse(
      execFileSync("aws", [...args, "--output", "json"], { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] }),
    );
  } catch (error) {
    // A scan that has not begun is no finding yet.
    if (String(error.stderr).includes("ScanNotFoundException")) return {};
    throw error;
  }
}

module.exports = { judgeScan };

if (require.main === module) {
  main(process.argv.slice(2)).then((code) => {
    process.exitCode = code;
  });
}
