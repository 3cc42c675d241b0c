#!/usr/bin/env node
// A double of `nvidia-smi --query-gpu=... --format=csv -lms N`: the documented CSV with invented values.
//   SMI_DOUBLE_GPUS     number of GPUs                                              default 1
//   SMI_DOUBLE_REFUSE   names of properties, with commas, that this driver does not know
//   SMI_DOUBLE_SET      JSON of property to cell
//   SMI_DOUBLE_PLAN     what happens at a batch: `3:exit` `3:hang` `3:lost`
//   SMI_DOUBLE_STARTS   a file that gets a line for each start
const { appendFileSync } = require("node:fs");

const cells = {
  index: ["index", (gpu) => String(gpu)],
  uuid: ["uuid", (gpu) => `GPU-00000000-0000-0000-0000-00000000000${gpu}`],
  "utilization.gpu": ["utilization.gpu [%]", () => "35 %"],
  "utilization.memory": ["utilization.memory [%]", () => "12 %"],
  "memory.total": ["memory.total [MiB]", () => "23028 MiB"],
  "memory.free": ["memory.free [MiB]", () => "4087 MiB"],
  "memory.used": ["memory.used [MiB]", () => "18506 MiB"],
  "memory.reserved": ["memory.reserved [MiB]", () => "435 MiB"],
  "temperature.gpu": ["temperature.gpu", () => "51"],
  "power.draw": ["power.draw [W]", () => "110.23 W"],
  "clocks.current.sm": ["clocks.current.sm [MHz]", () => "1710 MHz"],
  "clocks.current.memory": ["clocks.current.memory [MHz]", () => "6251 MHz"],
  "clocks_event_reasons.active": ["clocks_event_reasons.active", () => "0x0000000000000000"],
  "clocks_throttle_reasons.active": ["clocks_throttle_reasons.active", () => "0x0000000000000004"],
  "ecc.errors.corrected.volatile.total": ["ecc.errors.corrected.volatile.total", () => "0"],
  "ecc.errors.uncorrected.volatile.total": ["ecc.errors.uncorrected.volatile.total", () => "[N/A]"],
  gpu_recovery_action: ["gpu_recovery_action", () => "None"],
};

const env = process.env;
const query = (process.argv.find((argument) => argument.startsWith("--query-gpu=")) ?? "").slice(12).split(",");
const delay = Number(process.argv[process.argv.indexOf("-lms") + 1] ?? 1000);
const refused = new Set((env.SMI_DOUBLE_REFUSE ?? "").split(",").filter(Boolean));
const set = JSON.parse(env.SMI_DOUBLE_SET ?? "{}");
const plan = new Map(
  (env.SMI_DOUBLE_PLAN ?? "")
    .split(" ")
    .filter(Boolean)
    .map((step) => step.split(":")),
);
if (env.SMI_DOUBLE_STARTS) appendFileSync(env.SMI_DOUBLE_STARTS, `${query.join(",")}\n`);

const wrong = query.find((name) => refused.has(name) || cells[name] === undefined);
if (wrong !== undefined) {
  process.stdout.write(`Field "${wrong}" is not a valid field to query.\n\n`);
  process.exit(2);
}
process.stdout.write(`${query.map((name) => cells[name][0]).join(", ")}\n`);
let batch = 0;
const timer = setInterval(write, delay);
write();

function write() {
  batch += 1;
  const what = plan.get(String(batch));
  if (what === "exit") process.exit(9);
  if (what === "hang") {
    clearInterval(timer);
    setInterval(() => undefined, 60_000);
    return;
  }
  if (what === "lost") {
    process.stdout.write("Unable to determine the device handle for GPU0000:00:1E.0: Unknown Error\n");
    process.exit(15);
  }
  for (let gpu = 0; gpu < Number(env.SMI_DOUBLE_GPUS ?? 1); gpu += 1) {
    process.stdout.write(`${query.map((name) => set[name] ?? cells[name][1](gpu)).join(", ")}\n`);
  }
}
