#!/usr/bin/env node
// A double of `dcgmi dmon`: writes the documented grammar of a DCGM release with invented values. Understands
// `dmon -e IDS -d MS`. What it does is set by environment variables:
//   DCGMI_DOUBLE_VERSION   2.1, 3.3, 4.0 or 4.5 (the layout)                              default 4.5
//   DCGMI_DOUBLE_GPUS      number of GPUs                                                 default 1
//   DCGMI_DOUBLE_SET       JSON of short name to value, or to a list with a value per GPU
//   DCGMI_DOUBLE_PLAN      what happens at a batch, for example `5:exit` `3:hang` `4:lose=1` `2:garbage` `6:error`
//   DCGMI_DOUBLE_REFUSE    `profiling`: refuses to watch fields from 1000 on
//   DCGMI_DOUBLE_NO_PROFILING_YET  number of first batches in which profiling values are N/A
//   DCGMI_DOUBLE_STARTS    a file that gets a line for each start
//   DCGMI_DOUBLE_IGNORE_TERM  when set, SIGTERM does nothing
const { appendFileSync } = require("node:fs");

const names = {
  203: ["GPUTL", 10, "", 0],
  204: ["MCUTL", 10, "", 0],
  250: ["FBTTL", 10, "", 0],
  251: ["FBFRE", 10, "", 0],
  252: ["FBUSD", 10, "", 0],
  253: ["FBRSV", 10, "", 0],
  254: ["FBUSP", 10, "", 3],
  150: ["TMPTR", 5, " C", 0],
  155: ["POWER", 10, " W", 3],
  100: ["SMCLK", 5, "", 0],
  101: ["MMCLK", 5, "", 0],
  112: ["DVCCTR", 20, "", 0],
  230: ["XIDER", 5, "", 0],
  310: ["ESVTL", 5, "", 0],
  311: ["EDVTL", 5, "", 0],
  393: ["URMPS", 10, "", 0],
  394: ["CRMPS", 10, "", 0],
  395: ["RRF", 20, "", 0],
  396: ["RRP", 20, "", 0],
  1001: ["GRACT", 5, "", 3],
  1002: ["SMACT", 5, "", 3],
  1004: ["TENSO", 5, "", 3],
  1005: ["DRAMA", 5, "", 3],
};
const usual = {
  GPUTL: 42,
  MCUTL: 20,
  FBTTL: 23028,
  FBFRE: 4087,
  FBUSD: 18506,
  FBRSV: 435,
  FBUSP: 0.819,
  TMPTR: 55,
  POWER: 147.2,
  SMCLK: 1710,
  MMCLK: 6251,
  DVCCTR: 0,
  XIDER: 0,
  ESVTL: 0,
  EDVTL: 0,
  URMPS: 0,
  CRMPS: 0,
  RRF: 0,
  RRP: 0,
  GRACT: 0.43,
  SMACT: 0.31,
  TENSO: 0.12,
  DRAMA: 0.25,
};

const env = process.env;
const version = env.DCGMI_DOUBLE_VERSION ?? "4.5";
const gpuCount = Number(env.DCGMI_DOUBLE_GPUS ?? 1);
const values = { ...usual, ...JSON.parse(env.DCGMI_DOUBLE_SET ?? "{}") };
const plan = new Map(
  (env.DCGMI_DOUBLE_PLAN ?? "")
    .split(" ")
    .filter(Boolean)
    .map((step) => step.split(":")),
);
const option = (flag) => process.argv[process.argv.indexOf(flag) + 1];
const ids = (option("-e") ?? "203").split(",");
const fields = ids.map((id) => names[id]);
const delay = Number(option("-d") ?? 1000);
const entityWidth = { 3.3: 10, "4.0": 11, 4.5: 16 }[version];

if (env.DCGMI_DOUBLE_STARTS) appendFileSync(env.DCGMI_DOUBLE_STARTS, `${process.argv.slice(2).join(" ")}\n`);
if (env.DCGMI_DOUBLE_IGNORE_TERM) process.on("SIGTERM", () => undefined);

function header() {
  if (version === "2.1") {
    const titles = fields.map(([name, width]) => name.padStart(width + 2)).join("");
    const units = fields.map(([, width, unit]) => unit.padStart(width + 2)).join("");
    return `#${"Entity".padStart(7)}${titles}\n${"Id".padStart(8)}${units}\n`;
  }
  const titles = fields.map(([name, width]) => name.padEnd(width + 8)).join("");
  const units = fields.map(([, width, unit]) => unit.padEnd(width + 8)).join("");
  return `${"#Entity".padEnd(entityWidth)}${titles}\n${"ID".padEnd(entityWidth)}${units}\n`;
}

function cellText(name, digits, gpu, batch, id) {
  if (Number(id) >= 1000 && batch <= Number(env.DCGMI_DOUBLE_NO_PROFILING_YET ?? 0)) return "N/A";
  const set = values[name];
  const value = Array.isArray(set) ? set[gpu] : set;
  if (value === null || value === undefined) return null;
  return typeof value === "number" ? value.toFixed(digits) : String(value);
}

function row(gpu, batch) {
  const cells = fields.map(([name, , , digits], place) => cellText(name, digits, gpu, batch, ids[place]));
  if (version === "2.1") {
    const shown = cells.filter((cell) => cell !== null);
    return `${"GPU".padStart(8)} ${gpu}${shown.map((cell, place) => cell.padStart(fields[place][1] + 2)).join("")}\n`;
  }
  const cut = (text, width) => (text.length <= width ? text : `${text.slice(0, width - 3)}...`);
  const kept = version === "3.3" ? cells.filter((cell) => cell !== null) : cells.map((cell) => cell ?? "");
  const text = kept.map((cell, place) => cut(cell, fields[place][1] + 6).padEnd(fields[place][1] + 8)).join("");
  return `${`GPU ${gpu}`.padEnd(entityWidth)}${text}\n`;
}

process.stdout.write(header());
if (env.DCGMI_DOUBLE_REFUSE === "profiling" && ids.some((id) => Number(id) >= 1000)) {
  process.stdout.write(
    "Error setting watches. Result: -29: Unable to watch one or more of the requested fields because doing so requires the host engine to be running as root.\n",
  );
  process.exit(227);
}

let batch = 0;
let sinceHeader = 0;
const lost = new Set();
const timer = setInterval(write, delay);
write();

function write() {
  batch += 1;
  const [what, argument] = (plan.get(String(batch)) ?? "").split("=");
  if (what === "exit") process.exit(Number(argument ?? 1));
  if (what === "hang") {
    clearInterval(timer);
    setInterval(() => undefined, 60_000);
    return;
  }
  if (what === "lose") lost.add(Number(argument));
  if (what === "error") {
    process.stdout.write(
      "Error getting values information. Return -21: The connection to the host engine is not valid any longer\n",
    );
    process.exit(235);
  }
  if (what === "garbage") process.stdout.write("GPU 0   4 2 7x  %%% \n\u0000\u0001\nGPU zero 1 2 3\n");
  if (sinceHeader === 14) {
    process.stdout.write(header());
    sinceHeader = 0;
  }
  if (batch > 1) sinceHeader += 1;
  const order = Array.from({ length: gpuCount }, (_, gpu) => gpu).filter((gpu) => !lost.has(gpu));
  if (version === "3.3") order.reverse();
  process.stdout.write(order.map((gpu) => row(gpu, batch)).join(""));
}
