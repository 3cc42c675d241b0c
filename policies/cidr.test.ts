import assert from "node:assert/strict";
import { isWorld } from "./cidr";

describe("the internet, or a large part of it", () => {
  for (const cidr of [
    "0.0.0.0/0",
    "0.0.0.0/1",
    "128.0.0.0/1",
    "3.0.0.0/8",
    "172.0.0.0/8",
    "203.0.0.0/15",
    "::/0",
    "2000::/3",
    "2600::/12",
  ]) {
    it(`is ${cidr}`, () => assert.equal(isWorld(cidr), true));
  }
  for (const cidr of [
    "10.0.0.0/8",
    "172.16.0.0/12",
    "172.20.0.0/15",
    "192.168.0.0/16",
    "100.64.0.0/10",
    "203.0.113.0/24",
    "203.0.0.0/16",
    "fc00::/7",
    "fd12:3456::/16",
    "2600:1f00::/32",
    "pl-63a5400a",
  ]) {
    it(`is not ${cidr}`, () => assert.equal(isWorld(cidr), false));
  }
});
