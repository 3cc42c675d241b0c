import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { InputError } from "../../../contracts/input-error";
import { catalogPrices, priceDates } from "../price-table";
import { readPriceTable } from "../read-price-table";
import { awsProducts } from "./aws";
import { refreshPrices } from "./refresh";

interface Asked {
  readonly ServiceCode: string;
  readonly Filters: readonly { readonly Field: string; readonly Value: string }[];
  readonly NextToken?: string;
}

const product = (usagetype: string, ...tiers: readonly number[]): string =>
  JSON.stringify({
    product: { attributes: { usagetype } },
    terms: {
      OnDemand: {
        t: {
          effectiveDate: "2026-11-01T00:00:00Z",
          priceDimensions: Object.fromEntries(
            tiers.map((usd, index) => [
              `d${index}`,
              {
                beginRange: String(index * 100),
                pricePerUnit: { USD: usd.toFixed(10) },
                description: `$${usd} of ${usagetype}`,
              },
            ]),
          ),
        },
      },
    },
  });

/** What the double knows, by service; two pages for the first. */
const shelves: Readonly<Record<string, readonly (readonly string[])[]>> = {
  AmazonECS: [[product("EU-Fargate-ARM-GB-Hours", 0.0039)], [product("EU-Fargate-vCPU-Hours:perCPU", 0.04456)]],
  AmazonS3: [[product("EU-TimedStorage-ByteHrs", 0.022, 0.023), product("EU-Requests-Tier1", 0.0000055)]],
  AmazonCloudWatch: [[product("EU-CW:MetricMonitorUsage", 0.3), product("EU-CW:MetricMonitorUsage", 0.4)]],
};

/** A local double of AWS's price list API: the JSON protocol, filters noted, pages handed out one by one. */
class PriceListDouble {
  readonly asked: Asked[] = [];
  private readonly server: Server = createServer((request, response) => {
    this.answer(request).then(
      (body) => response.setHeader("content-type", "application/x-amz-json-1.1").end(JSON.stringify(body)),
      () => response.writeHead(500).end(),
    );
  });

  private async answer(request: IncomingMessage): Promise<object> {
    assert.equal(request.headers["x-amz-target"], "AWSPriceListService.GetProducts");
    const asked = JSON.parse(await text(request)) as Asked;
    this.asked.push(asked);
    const pages = shelves[asked.ServiceCode] ?? [[]];
    const page = Number(asked.NextToken ?? 0);
    return { PriceList: pages[page], ...(page + 1 < pages.length ? { NextToken: String(page + 1) } : {}) };
  }

  async start(): Promise<string> {
    await new Promise<void>((done) => this.server.listen(0, "127.0.0.1", done));
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  stop(): void {
    this.server.closeAllConnections();
    this.server.close();
  }
}

describe("refreshing prices from a double of AWS's price list", () => {
  const double = new PriceListDouble();
  const credentials = { accessKeyId: "test", secretAccessKey: "test" };
  let endpoint: string;
  before(async () => {
    endpoint = await double.start();
  });
  after(() => double.stop());

  it("reads every page, takes the first tier, turns units into ours, and says what is missing", async () => {
    const { table, missing } = await refreshPrices("eu-west-1", await awsProducts({ endpoint, credentials }));
    assert.deepEqual(
      Object.entries(table.prices).map(([id, { usd }]) => [id, usd]),
      [
        ["fargate.x86.vcpu", 0.04456],
        ["fargate.arm.memory", 0.0039],
        ["s3.standard.storage", 0.022],
        ["s3.standard.put", 0.0055],
      ],
    );
    const reasons = new Map(missing.map(({ id, reason }) => [id, reason]));
    assert.equal(reasons.get("cloudwatch.metric"), "the price list has 2 prices for it: 0.3, 0.4");
    assert.equal(reasons.get("alb.hour"), "the price list has no such product");
    assert.equal(reasons.get("ec2.g5.xlarge.spot"), "it is not asked for");
    assert.equal(missing.length + 4, Object.keys(catalogPrices.prices).length);
    assert.ok(
      double.asked.every(({ Filters }) =>
        Filters.some(({ Field, Value }) => Field === "regionCode" && Value === "eu-west-1"),
      ),
    );
  });

  it("writes a table that --prices reads, with the day of the list", async () => {
    const { table } = await refreshPrices("eu-west-1", await awsProducts({ endpoint, credentials }));
    const read = readPriceTable(JSON.stringify(table), "prices.json");
    assert.deepEqual(read, table);
    assert.equal(priceDates(read), "2026-11-01");
  });

  it("says in one line that there are no credentials", async () => {
    const none = async (): Promise<never> => {
      throw Object.assign(new Error("Could not load credentials from any providers"), {
        name: "CredentialsProviderError",
      });
    };
    const refreshing = refreshPrices("eu-west-1", await awsProducts({ endpoint, credentials: none }));
    await assert.rejects(refreshing, (error: unknown) => {
      assert.ok(InputError.isInstance(error));
      assert.match(
        error.message,
        /^credentials: "CredentialsProviderError" is not allowed; allowed: credentials of an AWS/,
      );
      return !error.message.includes("\n");
    });
  });

  it("refuses a region that the list does not know", async () => {
    await assert.rejects(
      refreshPrices("eu-nowhere-1", async () => []),
      /--region: "eu-nowhere-1" is not allowed/,
    );
  });
});

describe("a price table from a file", () => {
  for (const [what, content] of [
    ["no JSON", "region"],
    [
      "a price below zero",
      '{"region":"eu-west-1","prices":{"a":{"item":"a","usd":-1,"unit":"hour","asOf":"unknown","confidence":"low","source":"x"}}}',
    ],
    ["no region", '{"prices":{}}'],
  ] as const) {
    it(`is refused for ${what}, naming the file`, () =>
      assert.throws(
        () => readPriceTable(content, "prices.json"),
        /--prices: .* \(prices\.json\)|--prices.*prices\.json/,
      ));
  }
});
