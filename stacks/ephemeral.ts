import type { PlatformConfig } from "./config-schema";

/** Settings of a short-lived stack, each of which its config may override: the smallest of everything. */
export const ephemeralDefaults = {
  network: {
    cidr: "10.30.0.0/16",
    reserved: [],
    zones: 2,
    natGateways: "single",
    flowLogs: "reject",
    expectedTrafficGb: {},
  },
  compute: { capacity: "spot", containerInsights: "disabled", architecture: "X86_64", logDays: 7, tasks: "single" },
  database: {
    enabled: true,
    engineVersion: "17.11",
    instanceClass: "db.t4g.micro",
    storageGb: 20,
    maxStorageGb: 20,
    multiAz: false,
    backupDays: 0,
    monitoringSeconds: 0,
    performanceInsightsDays: 7,
  },
  cache: { enabled: true, version: "8.1", nodeType: "cache.t4g.micro", nodes: 1, multiAz: false, snapshotDays: 0 },
  edge: { allowedCidrs: [], requestsPerAddress: 2000 },
  services: {},
  monitoring: { alarms: "none", dashboards: false, subscribers: { page: [], ticket: [], info: [] } },
  gpu: {
    quotas: { onDemandVcpus: 0, spotVcpus: 24 },
    logDays: 7,
    gold: { min: 0, max: 1, onDemandPercentage: 0 },
    silver: { min: 0, max: 1, onDemandPercentage: 0 },
  },
} satisfies PlatformConfig;
