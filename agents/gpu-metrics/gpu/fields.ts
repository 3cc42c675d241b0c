import type { GpuValues } from "./reading";

/** One value of a GPU: how every source names it and what is believable. */
export interface GpuField {
  /** Numeric id in DCGM; stable from 2.1 to 4.7, unlike the constants' names. */
  readonly id: number;
  /** Column title of `dcgmi dmon`. */
  readonly shortName: string;
  readonly key: keyof GpuValues;
  /** Least and greatest value that can be true; anything else is dropped and counted. */
  readonly range: readonly [number, number];
  /** Profiling fields need a root host engine and free hardware counters; they are asked for separately. */
  readonly profiling?: boolean;
  /** Names in dcgm-exporter's text, the present one and those of other releases. */
  readonly exporterNames: readonly string[];
}

const counter = [0, 2 ** 47] as const;
const ratio = [0, 1.05] as const;
const mebibytes = [0, 16_777_216] as const;
const bitmask = [0, 2 ** 32] as const;

/**
 * What is asked of DCGM, in the order of the `-e` option.
 * Source: dcgm_fields.cpp of DCGM 2.1 to 4.6 (ids, short names), A10G and H100 data sheets (ranges, generous).
 */
export const gpuFields: readonly GpuField[] = [
  {
    id: 203,
    shortName: "GPUTL",
    key: "utilization",
    range: [0, 100],
    exporterNames: ["DCGM_FI_DEV_GPU_UTIL", "DCGM_FI_DEV_GPU_UTIL_RATIO"],
  },
  {
    id: 204,
    shortName: "MCUTL",
    key: "memoryCopyUtilization",
    range: [0, 100],
    exporterNames: ["DCGM_FI_DEV_MEM_COPY_UTIL", "DCGM_FI_DEV_MEM_COPY_UTIL_RATIO"],
  },
  { id: 250, shortName: "FBTTL", key: "fbTotalMiB", range: mebibytes, exporterNames: ["DCGM_FI_DEV_FB_TOTAL"] },
  { id: 251, shortName: "FBFRE", key: "fbFreeMiB", range: mebibytes, exporterNames: ["DCGM_FI_DEV_FB_FREE"] },
  { id: 252, shortName: "FBUSD", key: "fbUsedMiB", range: mebibytes, exporterNames: ["DCGM_FI_DEV_FB_USED"] },
  { id: 253, shortName: "FBRSV", key: "fbReservedMiB", range: mebibytes, exporterNames: ["DCGM_FI_DEV_FB_RESERVED"] },
  { id: 150, shortName: "TMPTR", key: "temperatureC", range: [-40, 150], exporterNames: ["DCGM_FI_DEV_GPU_TEMP"] },
  {
    id: 155,
    shortName: "POWER",
    key: "powerW",
    range: [0, 3000],
    exporterNames: ["DCGM_FI_DEV_POWER_USAGE", "DCGM_FI_DEV_BOARD_POWER_WATTS"],
  },
  { id: 100, shortName: "SMCLK", key: "smClockMhz", range: [0, 10_000], exporterNames: ["DCGM_FI_DEV_SM_CLOCK"] },
  { id: 101, shortName: "MMCLK", key: "memoryClockMhz", range: [0, 20_000], exporterNames: ["DCGM_FI_DEV_MEM_CLOCK"] },
  {
    id: 112,
    shortName: "DVCCTR",
    key: "throttleReasons",
    range: bitmask,
    exporterNames: ["DCGM_FI_DEV_CLOCK_THROTTLE_REASONS", "DCGM_FI_DEV_CLOCKS_EVENT_REASONS"],
  },
  {
    id: 230,
    shortName: "XIDER",
    key: "xid",
    range: [0, 10_000],
    exporterNames: ["DCGM_FI_DEV_XID_ERRORS", "DCGM_FI_DEV_XID_ERROR"],
  },
  {
    id: 310,
    shortName: "ESVTL",
    key: "eccCorrected",
    range: counter,
    exporterNames: ["DCGM_FI_DEV_ECC_SBE_VOL_TOTAL"],
  },
  {
    id: 311,
    shortName: "EDVTL",
    key: "eccUncorrected",
    range: counter,
    exporterNames: ["DCGM_FI_DEV_ECC_DBE_VOL_TOTAL"],
  },
  {
    id: 393,
    shortName: "URMPS",
    key: "remappedUncorrectable",
    range: counter,
    exporterNames: ["DCGM_FI_DEV_UNCORRECTABLE_REMAPPED_ROWS"],
  },
  {
    id: 394,
    shortName: "CRMPS",
    key: "remappedCorrectable",
    range: counter,
    exporterNames: ["DCGM_FI_DEV_CORRECTABLE_REMAPPED_ROWS"],
  },
  {
    id: 395,
    shortName: "RRF",
    key: "remapFailed",
    range: [0, 1],
    exporterNames: ["DCGM_FI_DEV_ROW_REMAP_FAILURE"],
  },
  {
    id: 396,
    shortName: "RRP",
    key: "remapPending",
    range: [0, 1],
    exporterNames: ["DCGM_FI_DEV_ROW_REMAP_PENDING"],
  },
  {
    id: 1001,
    shortName: "GRACT",
    key: "graphicsActive",
    range: ratio,
    profiling: true,
    exporterNames: ["DCGM_FI_PROF_GR_ENGINE_ACTIVE", "DCGM_FI_PROF_GR_ENGINE_UTIL_RATIO"],
  },
  {
    id: 1002,
    shortName: "SMACT",
    key: "smActive",
    range: ratio,
    profiling: true,
    exporterNames: ["DCGM_FI_PROF_SM_ACTIVE", "DCGM_FI_PROF_SM_UTIL_RATIO"],
  },
  {
    id: 1004,
    shortName: "TENSO",
    key: "tensorActive",
    range: ratio,
    profiling: true,
    exporterNames: ["DCGM_FI_PROF_PIPE_TENSOR_ACTIVE", "DCGM_FI_PROF_PIPE_TENSOR_UTIL_RATIO"],
  },
  {
    id: 1005,
    shortName: "DRAMA",
    key: "dramActive",
    range: ratio,
    profiling: true,
    exporterNames: ["DCGM_FI_PROF_DRAM_ACTIVE", "DCGM_FI_PROF_DRAM_UTIL_RATIO"],
  },
];

/**
 * True where a number means "no value": DCGM's sentinels for blank, not found, not supported and not permitted as the API and
 * dcgm-exporter leak them. The 64-bit and floating-point ones lie at 2^47 and above, where no gauge or counter read here gets.
 * Source: dcgm_structs.h (DCGM_INT32_BLANK, DCGM_INT64_BLANK, DCGM_FP64_BLANK and the three values after each).
 */
export function isSentinel(value: number): boolean {
  return value >= 2 ** 47 || (value >= 2_147_483_632 && value <= 2_147_483_635);
}

/** The value if it can be true for the field, else undefined. */
export function believable(field: GpuField, value: number): number | undefined {
  return value >= field.range[0] && value <= field.range[1] ? value : undefined;
}
