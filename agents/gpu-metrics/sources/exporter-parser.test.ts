import assert from "node:assert/strict";
import { parseExporter } from "./exporter-parser";

const labels = 'UUID="GPU-1",pci_bus_id="00000000:00:1E.0",device="nvidia0",modelName="NVIDIA A10G"';

describe("dcgm-exporter parser", () => {
  it("reads GPUs whatever the case of their labels and the release's names", () => {
    const { readings } = parseExporter(`# HELP DCGM_FI_DEV_GPU_UTIL
# TYPE DCGM_FI_DEV_GPU_UTIL gauge
DCGM_FI_DEV_GPU_UTIL{gpu="0",${labels},Hostname="ip-10-0-0-1"} 37
DCGM_FI_DEV_FB_USED{gpu="0",${labels},hostname="ip-10-0-0-1"} 18506
DCGM_FI_DEV_BOARD_POWER_WATTS{GPU="0",${labels}} 123.4 1700000000000
DCGM_FI_DEV_XID_ERRORS{gpu="0",${labels},err_code="79",err_msg="GPU has fallen off the bus"} 79
`);
    assert.equal(readings.length, 1);
    assert.deepEqual(readings[0]?.values, { utilization: 37, fbUsedMiB: 18506, powerW: 123.4, xid: 79 });
    assert.equal(readings[0]?.uuid, "GPU-1");
  });

  it("leaves leaked sentinels and NaN out", () => {
    const { readings, dropped } = parseExporter(`DCGM_FI_DEV_GPU_UTIL{gpu="0"} 9223372036854775794
DCGM_FI_DEV_FB_USED{gpu="0"} 2147483634
DCGM_FI_DEV_POWER_USAGE{gpu="0"} 1.40737488355328e+14
DCGM_FI_PROF_GR_ENGINE_ACTIVE{gpu="0"} NaN
DCGM_FI_DEV_SM_CLOCK{gpu="0"} 1710
DCGM_FI_DEV_GPU_TEMP{gpu="0"} 4000
`);
    assert.deepEqual(readings[0]?.values, { smClockMhz: 1710 });
    assert.deepEqual(dropped, ["TMPTR"]);
  });

  it("gives one reading for a GPU that is exported once per pod", () => {
    const { readings } = parseExporter(
      'DCGM_FI_DEV_GPU_UTIL{gpu="1",pod="a"} 50\nDCGM_FI_DEV_GPU_UTIL{gpu="1",pod="b"} 50\n',
    );
    assert.deepEqual(
      readings.map(({ index, values }) => [index, values.utilization]),
      [[1, 50]],
    );
  });

  it("keeps MIG instances apart from their GPU", () => {
    const { readings } = parseExporter(
      'DCGM_FI_PROF_GR_ENGINE_ACTIVE{gpu="0",GPU_I_PROFILE="1g.5gb",GPU_I_ID="7"} 0.5\nDCGM_FI_DEV_GPU_TEMP{gpu="0"} 40\n',
    );
    assert.deepEqual(
      readings.map(({ kind, index }) => [kind, index]),
      [
        ["gpu-instance", 7],
        ["gpu", 0],
      ],
    );
  });

  it("counts what has no GPU and what is cut", () => {
    const { readings, unreadable } = parseExporter('DCGM_FI_DEV_GPU_UTIL 5\nDCGM_FI_DEV_GPU_UTIL{gpu="0",UUID="GP');
    assert.equal(readings.length, 0);
    assert.equal(unreadable.length, 2);
  });
});
