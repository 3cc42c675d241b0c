/** Where a service listens, and the path at which its load balancer and its container's health check ask whether it is alive. */
export interface ServiceAddress {
  /** TCP port. */
  readonly port: number;
  readonly health: string;
}

const at = (port: number, health = "/health"): ServiceAddress => ({ port, health });

/** Every service that listens; the stack's catalogue, the contracts and the programs read their ports and health paths here. */
export const serviceAddresses = {
  "ai-integration": at(8000),
  "ai-router": at(8010),
  "capability-registry": at(8080),
  "environmental-narrative": at(8000),
  "event-bus": at(8000),
  "knowledge-base": at(8090),
  "language-system": at(8003),
  "model-management": at(8000),
  "npc-behavior": at(8000),
  orchestration: at(8000),
  payment: at(8000),
  "performance-mode": at(8000, "/performance-mode/status"),
  "quest-system": at(8000),
  router: at(8000),
  settings: at(8000, "/healthz"),
  "state-manager": at(8000, "/healthz"),
  "story-teller": at(8000),
  "time-manager": at(8000),
  "weather-manager": at(8000, "/api/weather/health"),
  "world-state": at(8000),
} as const satisfies Record<string, ServiceAddress>;

/** A service with a listener. */
export type ListeningService = keyof typeof serviceAddresses;

/** Paths that every service on the kit answers beside its health path, open to whoever reaches its port. */
export const operationPaths = { ready: "/ready", metrics: "/metrics", openapi: "/openapi.json" } as const;

/** The stem of a service's variables: `state-manager` is called at STATE_MANAGER_URL with STATE_MANAGER_API_KEY. */
export function variableStem(service: string): string {
  return service.toUpperCase().replaceAll("-", "_");
}
