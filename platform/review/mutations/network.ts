import { types } from "../../../policies/types";
import { containers, drop, type Mutation, set } from "./graph";

/** What weakens listeners, load balancers, the web ACL, instances and the record of what happened. */
export const network: readonly Mutation[] = [
  {
    name: "the edge answers in plain text",
    finds: "CKV_AWS_2",
    change: set("edge-listener", { protocol: "HTTP", port: 80 }),
  },
  {
    name: "the edge's balancer has a plain listener",
    finds: "CKV2_AWS_20",
    change: set("edge-listener", { protocol: "HTTP", port: 80 }),
  },
  {
    name: "the edge takes TLS 1.0",
    finds: "CKV_AWS_103",
    change: set("edge-listener", { sslPolicy: "ELBSecurityPolicy-2016-08" }),
  },
  {
    name: "the edge leaves its TLS policy to AWS",
    finds: "CKV_AWS_103",
    change: set("edge-listener", { sslPolicy: undefined }),
  },
  {
    name: "the edge takes ciphers without forward secrecy",
    finds: "CKV2_AWS_74",
    change: set("edge-listener", { sslPolicy: "ELBSecurityPolicy-TLS-1-2-2017-01" }),
  },
  { name: "the edge loses its web ACL", finds: "CKV2_AWS_28", change: drop("edge-web-acl-association") },
  { name: "the web ACL has no rules", finds: "CKV_AWS_175", change: set("edge-web-acl", { rules: [] }) },
  {
    name: "the web ACL only counts",
    finds: "CKV_AWS_342",
    change: set("edge-web-acl", { "rules.0.action": { count: {} } }),
  },
  {
    name: "the edge passes invalid headers on",
    finds: "CKV_AWS_131",
    change: set("edge-load-balancer", { dropInvalidHeaderFields: false }),
  },
  {
    name: "the edge only watches desync attacks",
    finds: "CKV_AWS_328",
    change: set("edge-load-balancer", { desyncMitigationMode: "monitor" }),
  },
  {
    name: "the edge becomes a public network load balancer",
    finds: "GAP-PUBLIC-NLB",
    change: set("edge-load-balancer", { loadBalancerType: "network" }),
  },
  {
    name: "the edge writes no access logs",
    finds: "CKV_AWS_91",
    change: set("edge-load-balancer", { "accessLogs.enabled": false }),
  },
  { name: "a bucket writes no access logs", finds: "CKV_AWS_18", change: drop("documents-access-logs") },
  { name: "the web ACL writes no logs", finds: "CKV2_AWS_31", change: drop("edge-web-acl-logging") },
  { name: "the network writes no flow logs", finds: "CKV2_AWS_11", change: drop("network-flow-log") },
  {
    name: "the database logs no statements",
    finds: "CKV2_AWS_30",
    change: set("database-parameters", { parameters: [] }),
  },
  {
    name: "instances hand out credentials by IMDSv1",
    finds: "CKV_AWS_79",
    change: set("gpu-gold-template", { "metadataOptions.httpTokens": "optional" }),
  },
  {
    name: "containers reach the node's credentials",
    finds: "CKV_AWS_341",
    change: set("gpu-gold-template", { "metadataOptions.httpPutResponseHopLimit": 3 }),
  },
  {
    name: "containers are privileged",
    finds: "CKV_AWS_334",
    change: containers("payment-definition", { privileged: true }),
  },
  {
    name: "containers write to their root",
    finds: "CKV_AWS_336",
    change: containers("payment-definition", { readonlyRootFilesystem: false }),
  },
  {
    name: "an alarm does nothing",
    finds: "CKV_AWS_319",
    change: set({ type: types.alarm }, { actionsEnabled: false }),
  },
];
