import type { Watched } from "../all";

/** An environment that has everything that can be watched, with plain names in place of what a cloud would give. */
export const watchedEverything: Watched<string> = {
  loadBalancer: "app/edge/1",
  certificate: "arn:aws:acm:us-east-1:123456789012:certificate/1",
  cluster: "cluster",
  countsTasks: true,
  services: [
    { name: "ai-router", serviceName: "ai-router-1", targetGroup: "targetgroup/ai-router/1" },
    { name: "knowledge-base", serviceName: "knowledge-base-1" },
    {
      name: "weather-manager",
      serviceName: "weather-manager-1",
      queue: { name: "weather-events", deadLetters: "weather-dead-letters" },
    },
  ],
  database: { identifier: "database", maxStorageGb: 1000, memoryGb: 16 },
  cacheNodes: ["cache-001", "cache-002"],
  eventTopic: "game-events",
  tiers: [
    {
      tier: "gold",
      group: "gold-group",
      loadBalancer: "app/gpu/1",
      targetGroup: "targetgroup/gold/1",
      max: 50,
      readyTimeoutSeconds: 600,
    },
  ],
};
