"""Keeps a real GPU busy for a known share of the time and prints what NVML said meanwhile, as one line of JSON.

    python3 bench/gpu-metrics-load.py --seconds 30 --busy 0.5 --cycle 0.2

Needs PyTorch with CUDA and pynvml. Each cycle of `--cycle` seconds runs bfloat16 matrix products for the share `--busy` of it
and sleeps for the rest. `busy` in the answer is the share that kernels really ran, by the wall clock around synchronised calls;
`nvml_1hz` and `nvml_10hz` are the means of the driver's utilisation read that often; `power_watts` is the mean of its readings.
"""
import argparse
import json
import threading
import time

import pynvml
import torch

options = argparse.ArgumentParser()
options.add_argument("--seconds", type=float, default=30)
options.add_argument("--busy", type=float, default=0.5)
options.add_argument("--cycle", type=float, default=0.2)
given = options.parse_args()

pynvml.nvmlInit()
device = pynvml.nvmlDeviceGetHandleByIndex(0)
matrix = torch.randn(4096, 4096, device="cuda", dtype=torch.bfloat16)
for _ in range(20):
    matrix @ matrix
torch.cuda.synchronize()

readings, watts, done = {"nvml_1hz": [], "nvml_10hz": []}, [], threading.Event()


def read(name, interval):
    while not done.wait(interval):
        readings[name].append(pynvml.nvmlDeviceGetUtilizationRates(device).gpu)
        if name == "nvml_1hz":
            watts.append(pynvml.nvmlDeviceGetPowerUsage(device) / 1000)


threads = [threading.Thread(target=read, args=pair) for pair in (("nvml_1hz", 1.0), ("nvml_10hz", 0.1))]
for thread in threads:
    thread.start()
start, ran = time.monotonic(), 0.0
while time.monotonic() - start < given.seconds:
    cycle = time.monotonic()
    while time.monotonic() - cycle < given.busy * given.cycle:
        before = time.monotonic()
        matrix @ matrix
        torch.cuda.synchronize()
        ran += time.monotonic() - before
    time.sleep(max(0.0, given.cycle - (time.monotonic() - cycle)))
elapsed = time.monotonic() - start
done.set()
for thread in threads:
    thread.join()


def mean(values):
    return round(sum(values) / len(values), 1) if values else None


print(json.dumps({
    "asked": given.busy, "cycle_seconds": given.cycle, "busy": round(100 * ran / elapsed, 1),
    **{name: mean(values) for name, values in readings.items()},
    "lowest": min(readings["nvml_10hz"]), "highest": max(readings["nvml_10hz"]), "power_watts": mean(watts),
}))
