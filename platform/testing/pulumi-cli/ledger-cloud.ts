import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Ledger, LedgerEntry } from "./ledger";

// A DOUBLE of the AWS APIs over what a stand-in provider's ledger says exists: the tagging API, and the deletion of the few types that
// tests make. What stands on a VPC keeps it, as in AWS.

const account = "123456789012";

/** ARNs of the types that the double knows, by the ledger's ids. */
const arns: Readonly<Record<string, (id: string) => string>> = {
  "aws:ec2/vpc:Vpc": (id) => `arn:aws:ec2:us-east-1:${account}:vpc/${id}`,
  "aws:ec2/subnet:Subnet": (id) => `arn:aws:ec2:us-east-1:${account}:subnet/${id}`,
  "aws:cloudwatch/logGroup:LogGroup": (id) => `arn:aws:logs:us-east-1:${account}:log-group:${id}`,
  "aws:ssm/parameter:Parameter": (id) => `arn:aws:ssm:us-east-1:${account}:parameter/${id}`,
  "aws:servicediscovery/httpNamespace:HttpNamespace": (id) =>
    `arn:aws:servicediscovery:us-east-1:${account}:namespace/${id}`,
};

/** The parameter of each deletion that names the resource. */
const deletions: Readonly<Record<string, string>> = {
  DeleteVpc: "VpcId",
  DeleteSubnet: "SubnetId",
  DeleteLogGroup: "logGroupName",
  DeleteParameter: "Name",
  DeleteNamespace: "Id",
  DeleteRole: "RoleName",
};

export interface LedgerCloudOptions {
  /** What Service Quotas says of every quota. @default 1000 */
  readonly quota?: number;
  /** An error that every call is answered with, such as `ExpiredToken`. */
  readonly refuse?: string;
}

/** Serves the double on a free loopback port. */
export async function serveLedgerCloud(ledger: Ledger, options: LedgerCloudOptions = {}) {
  const calls: string[] = [];
  const server = createServer((request, response) => {
    void answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    /** What `AWS_ENDPOINT_URL` is set to. */
    url: `http://127.0.0.1:${port}`,
    /** Actions in the order of the calls. */
    calls,
    close: () => server.close(),
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks).toString("utf8");
    const target = request.headers["x-amz-target"];
    const json = typeof target === "string";
    const parameters: Record<string, unknown> = json
      ? JSON.parse(body)
      : Object.fromEntries(new URLSearchParams(body).entries());
    const action = json ? target.split(".").at(-1)! : String(parameters.Action ?? `${request.method} ${request.url}`);
    calls.push(action);
    const [status, text] =
      options.refuse === undefined ? reply(action, parameters, json) : refusal(403, options.refuse, json);
    response.writeHead(status).end(text);
  }

  function reply(action: string, parameters: Record<string, unknown>, json: boolean): [number, string] {
    const key = deletions[action];
    if (key !== undefined) return remove(String(parameters[key]).replace(/^\//, ""), json);
    switch (action) {
      case "GetCallerIdentity":
        return [200, `<Account>${account}</Account>`];
      case "TagRole": {
        const role = named(String(parameters.RoleName));
        const [key, value] = [String(parameters["Tags.member.1.Key"]), String(parameters["Tags.member.1.Value"])];
        if (role !== undefined) ledger.append({ ...role, op: "update", tags: { ...role.tags, [key]: value } });
        return [200, "<None></None>"];
      }
      case "GetServiceQuota":
        return [200, JSON.stringify({ Quota: { Value: options.quota ?? 1000 } })];
      case "GetResources":
        return [200, JSON.stringify({ ResourceTagMappingList: tagged(parameters) })];
      case "TagResources":
        for (const arn of parameters.ResourceARNList as string[]) tag(arn, parameters.Tags as Record<string, string>);
        return [200, "{}"];
      case "ListRoles":
        return [
          200,
          roles()
            .map((role) => `<Arn>arn:aws:iam::${account}:role/${nameOf(role)}</Arn>`)
            .join(""),
        ];
      case "ListRoleTags":
        return [200, tagXml(String(parameters.RoleName))];
      default:
        return [200, json || action.startsWith("GET ") ? "{}" : "<None></None>"];
    }
  }

  function roles(): LedgerEntry[] {
    return [...ledger.existing().values()].filter(({ type }) => type === "aws:iam/role:Role");
  }

  /** A role is known by its name, all else by its id. */
  function named(name: string): LedgerEntry | undefined {
    return [...ledger.existing().values()].find((entry) => nameOf(entry) === name);
  }

  function tagXml(name: string): string {
    const tags = named(name)?.tags ?? {};
    return Object.entries(tags)
      .map(([key, value]) => `<member><Key>${key}</Key><Value>${value}</Value></member>`)
      .join("");
  }

  function tagged({ TagFilters }: { TagFilters?: { Key: string; Values?: string[] }[] }): object[] {
    return [...ledger.existing().values()].flatMap(({ type, id, tags = {} }) => {
      const fits = (TagFilters ?? []).every(({ Key, Values }) =>
        Values === undefined ? Key in tags : Values.includes(tags[Key] ?? ""),
      );
      const arn = arns[type]?.(id);
      if (!fits || arn === undefined) return [];
      return [{ ResourceARN: arn, Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })) }];
    });
  }

  function tag(arn: string, tags: Record<string, string>): void {
    const found = [...ledger.existing().values()].find(({ type, id }) => arns[type]?.(id) === arn);
    if (found !== undefined) ledger.append({ ...found, op: "update", tags: { ...found.tags, ...tags } });
  }

  function remove(name: string, json: boolean): [number, string] {
    const found = named(name);
    if (found === undefined) return refusal(400, "ResourceNotFoundException", json);
    const above = [...ledger.existing().values()].some(({ outputs }) => outputs?.vpcId === found.id);
    if (above) return refusal(400, "DependencyViolation", json);
    const { type, urn, id } = found;
    ledger.append({ op: "delete", type, urn, id });
    return [200, json ? "{}" : "<None></None>"];
  }
}

const nameOf = ({ type, id, outputs }: LedgerEntry): string =>
  type === "aws:iam/role:Role" ? String(outputs?.name) : id;

const refusal = (status: number, code: string, json: boolean): [number, string] => [
  status,
  json
    ? JSON.stringify({ __type: code, message: "refused" })
    : `<Error><Code>${code}</Code><Message>refused</Message></Error>`,
];
