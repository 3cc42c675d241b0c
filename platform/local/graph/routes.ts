import { isObject, type PropertyMap, type PropertyValue, type RecordedResource } from "../../engine";
import type { Graph } from "./graph";

/** A listener rule of the public load balancer that forwards to a service. */
export interface Route {
  readonly priority: number;
  /** Path patterns as the load balancer reads them: `*` is any text, `?` one character. */
  readonly paths: readonly string[];
  readonly service: string;
}

/** What the public load balancer answers where no rule matches. */
export interface DefaultAnswer {
  readonly status: number;
  readonly contentType: string;
  readonly body: string;
}

/** The public edge of the stack. */
export interface DeclaredEdge {
  readonly loadBalancer: RecordedResource;
  readonly routes: readonly Route[];
  readonly otherwise: DefaultAnswer;
  /** Seconds without a byte after which a connection is closed. */
  readonly idleSeconds: number;
}

/** Listeners of every load balancer: whose they are, and at which port. */
export function listeners(
  graph: Graph,
): { loadBalancer: RecordedResource; listener: RecordedResource; port: number }[] {
  return graph.ofType("aws:lb/listener:Listener").flatMap((listener) => {
    const loadBalancer = graph.behind(listener.inputs.loadBalancerArn);
    return loadBalancer === undefined ? [] : [{ loadBalancer, listener, port: Number(listener.inputs.port) }];
  });
}

/** The load balancer that faces the internet, with its rules by priority; undefined where the stack has none. */
export function declaredEdge(graph: Graph): DeclaredEdge | undefined {
  const open = listeners(graph).find(({ loadBalancer }) => loadBalancer.inputs.internal === false);
  if (open === undefined) return undefined;
  const { loadBalancer, listener } = open;
  const routes = graph
    .ofType("aws:lb/listenerRule:ListenerRule")
    .filter((rule) => graph.behind(rule.inputs.listenerArn) === listener)
    .flatMap((rule) => {
      const service = behindGroup(graph, objects(rule.inputs.actions)[0]?.targetGroupArn);
      const paths = objects(rule.inputs.conditions).flatMap(({ pathPattern }) =>
        isObject(pathPattern) && Array.isArray(pathPattern.values) ? pathPattern.values.map(String) : [],
      );
      return service === undefined ? [] : [{ priority: Number(rule.inputs.priority), paths, service }];
    })
    .sort((a, b) => a.priority - b.priority);
  return {
    loadBalancer,
    routes,
    otherwise: defaultAnswer(listener),
    idleSeconds: Number(loadBalancer.inputs.idleTimeout ?? 60),
  };
}

/** The container that the service behind a target group registers with it. */
function behindGroup(graph: Graph, arn: PropertyValue | undefined): string | undefined {
  const group = graph.behind(arn);
  if (group === undefined) return undefined;
  for (const { inputs } of graph.ofType("aws:ecs/service:Service")) {
    const target = objects(inputs.loadBalancers).find(({ targetGroupArn }) => graph.behind(targetGroupArn) === group);
    if (target !== undefined) return String(target.containerName);
  }
  return undefined;
}

function defaultAnswer(listener: RecordedResource): DefaultAnswer {
  const fixed = objects(listener.inputs.defaultActions)[0]?.fixedResponse;
  if (!isObject(fixed)) return { status: 404, contentType: "text/plain", body: "" };
  return {
    status: Number(fixed.statusCode),
    contentType: String(fixed.contentType),
    body: String(fixed.messageBody ?? ""),
  };
}

const objects = (value: PropertyValue | undefined): PropertyMap[] =>
  Array.isArray(value) ? value.filter((item): item is PropertyMap => isObject(item)) : [];
