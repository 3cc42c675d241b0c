import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { cpSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const repository = resolve(__dirname, "..", "..");
const fixture = join(repository, "platform", "plan", "fixtures", "written-program");

interface Summary {
  readonly needsAttention: boolean;
  readonly findings: { readonly introduced: readonly { readonly rule: string; readonly status: string }[] };
  readonly monthlyUsd: Readonly<Record<"before" | "after", { readonly expected: number }>>;
}

/** A project that holds its own rules, as this repository does, in git: its base has a bucket, a NAT gateway and closed ports. */
describe("judging by the base's rules", () => {
  let project = "";
  const git = (...args: string[]): string =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
      cwd: project,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  const edit = (file: string, from: string | RegExp, to: string): void => {
    const path = join(project, file);
    const before = readFileSync(path, "utf8");
    const after = before.replace(from, to);
    assert.notEqual(after, before, `${file} holds ${from}`);
    writeFileSync(path, after);
  };
  const declare = (resources: object[]): void =>
    writeFileSync(join(project, "Pulumi.prod.yaml"), `config:\n  shop:resources: '${JSON.stringify(resources)}'\n`);
  /** Leaves the branch checked out: the base of what a test changes on it. */
  const onBranch = (name: string, change: () => void): void => {
    git("checkout", "--quiet", "-b", name);
    change();
    git("commit", "--quiet", "-am", name);
  };
  const review = (...args: string[]) => {
    const command = join(project, "platform", "bin", "platform.cjs");
    const { status, stdout, stderr } = spawnSync(process.execPath, [command, "review", "--base", "main", ...args], {
      cwd: project,
      encoding: "utf8",
      env: { ...process.env, PULUMI_STACK: "", NO_COLOR: "1" },
    });
    return { status, stdout, stderr };
  };
  const reviewed = (): Summary => (JSON.parse(review("--json").stdout) as Summary[])[0]!;

  const gateway = { type: "aws:ec2/natGateway:NatGateway", name: "nat", inputs: {} };
  const ssh = (cidrIpv4: string) => ({
    type: "aws:vpc/securityGroupIngressRule:SecurityGroupIngressRule",
    name: "ssh",
    inputs: { ipProtocol: "tcp", fromPort: 22, toPort: 22, cidrIpv4, description: "Operators" },
  });
  const withoutSshRule = (): void => {
    edit("policies/rules/index.ts", "export const rules:", "const all:");
    const filtered = 'export const rules = all.filter(({ id }) => id !== "CKV_AWS_24");';
    const file = join(project, "policies/rules/index.ts");
    writeFileSync(file, `${readFileSync(file, "utf8")}\n${filtered}\n`);
  };

  before(() => {
    project = realpathSync(mkdtempSync(join(tmpdir(), "platform-review-")));
    cpSync(fixture, project, { recursive: true });
    for (const folder of ["policies", "catalog", "contracts", "platform", "runtime"]) {
      cpSync(join(repository, folder), join(project, folder), { recursive: true });
    }
    cpSync(join(repository, "package-lock.json"), join(project, "package-lock.json"));
    symlinkSync(join(repository, "node_modules"), join(project, "node_modules"));
    writeFileSync(join(project, ".gitignore"), "node_modules\n.platform\n");
    git("init", "--quiet", "--initial-branch=main");
    declare([gateway, ssh("10.0.0.0/8")]);
    git("add", ".");
    git("commit", "--quiet", "-m", "base");
  });
  afterEach(() => {
    git("checkout", "--quiet", "--force", "main");
    git("clean", "--quiet", "--force");
  });
  after(() => rmSync(project, { recursive: true, force: true }));

  it("fails a change that deletes the SSH rule and opens port 22", () => {
    withoutSshRule();
    declare([gateway, ssh("0.0.0.0/0")]);
    const { status, stdout } = review();
    assert.equal(status, 1);
    assert.match(stdout, /Rules that this change breaks[\s\S]*\| CKV_AWS_24 \| critical \|/);
    assert.match(stdout, /This change alters the rules that judge it/);
    assert.match(stdout, /- rule CKV_AWS_24 is \*\*removed\*\*/);
    assert.match(stdout, /- no longer found: CKV_AWS_24 of `ssh` \(violated\)/);
    assert.equal(git("worktree", "list").trim().split("\n").length, 1, "no worktree is left behind");
  });

  it("shows what an edited price alters, and prices both sides by the base's", () => {
    edit("catalog/prices.ts", /("nat-gateway\.hour": \{[^}]*usd: )[\d.]+/, "$10.001");
    const { status, stdout } = review();
    assert.equal(status, 0, stdout);
    assert.match(stdout, /- the month after: \$[\d.]+ by the base's prices and tables, \$[\d.]+ by this change's/);
    const { before, after } = reviewed().monthlyUsd;
    assert.equal(before.expected, after.expected);
  });

  it("asks for a person when an exception is widened, and not when one is narrowed", () => {
    const cheapStacks = "exempt({ stacks: cheap,";
    edit("policies/exceptions.ts", cheapStacks, 'exempt({ stacks: ["*"],');
    const widened = review();
    assert.equal(widened.status, 1);
    assert.match(widened.stdout, /> \*\*prod\*\*: this change widens \d+ exceptions: CKV_AWS_\d+/);
    git("checkout", "--quiet", "--force", "main");
    edit("policies/exceptions.ts", cheapStacks, 'exempt({ stacks: ["dev"],');
    const narrowed = review();
    assert.equal(narrowed.status, 0, narrowed.stdout);
    assert.match(narrowed.stdout, /- an exception is narrowed: CKV_AWS_\d+/);
  });

  it("says nothing of rules that the change leaves alone", () => {
    declare([gateway, ssh("0.0.0.0/0")]);
    const { status, stdout } = review();
    assert.equal(status, 1);
    assert.doesNotMatch(stdout, /alters the rules|own rules do/);
  });

  it("asks for a person when the base's judge fails", () => {
    onBranch("broken", () => edit("platform/review/judge-main.cjs", 'require("./judge.ts")', 'require("./gone.ts")'));
    edit("policies/rules/index.ts", "/** Every rule", "/** Every  rule");
    const { status, stdout } = review("--base", "broken");
    assert.equal(status, 1);
    assert.match(stdout, /could not judge, this change's own do: Error: Cannot find module/);
  });

  it("judges by the change's own rules where the base is older than its judge, and says so", () => {
    onBranch("older", () => rmSync(join(project, "platform", "review", "judge-main.cjs")));
    git("checkout", "--quiet", "main", "--", "platform/review/judge-main.cjs");
    const { status, stdout } = review("--base", "older");
    assert.equal(status, 0, stdout);
    assert.match(stdout, /cannot judge yet: this change's own rules do/);
  });
});
