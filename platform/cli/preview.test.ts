import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const repository = resolve(__dirname, "..", "..");
const fixture = join(repository, "platform", "plan", "fixtures", "written-program");

/** Runs the command as a person would. */
function platform(cwd: string, ...args: string[]) {
  const command = join(repository, "platform", "bin", "platform.cjs");
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, "preview", ...args], {
    cwd,
    encoding: "utf8",
    env: { ...process.env, PULUMI_STACK: "", NO_COLOR: "1" },
  });
  return { status, stdout, stderr };
}

/** A git repository with two commits of a small project: a VPC and a role, then another range and a queue. */
describe("platform preview", () => {
  let project = "";
  const git = (...args: string[]): string =>
    execFileSync("git", ["-c", "user.name=t", "-c", "user.email=t@example.com", ...args], {
      cwd: project,
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  const declare = (resources: object[]): void =>
    writeFileSync(join(project, "Pulumi.prod.yaml"), `config:\n  shop:resources: '${JSON.stringify(resources)}'\n`);
  const vpc = (cidrBlock: string) => ({ type: "aws:ec2/vpc:Vpc", name: "vpc", inputs: { cidrBlock } });
  const subnet = {
    type: "aws:ec2/subnet:Subnet",
    name: "subnet",
    inputs: { vpcId: { $ref: "vpc" }, cidrBlock: "10.0.0.0/24" },
  };
  const policy = (action: string) => ({
    type: "aws:iam/policy:Policy",
    name: "policy",
    inputs: { policy: JSON.stringify({ Statement: [{ Effect: "Allow", Action: action, Resource: "*" }] }) },
  });

  const task = (image: string) => ({
    type: "aws:ecs/taskDefinition:TaskDefinition",
    name: "task",
    inputs: {
      family: "shop",
      containerDefinitions: {
        $json: [{ name: "main", image, environment: [{ name: "POLICY", value: { $ref: "policy" } }] }],
      },
    },
  });

  before(() => {
    project = realpathSync(mkdtempSync(join(tmpdir(), "platform-preview-")));
    cpSync(fixture, project, { recursive: true });
    symlinkSync(join(repository, "node_modules"), join(project, "node_modules"));
    writeFileSync(join(project, ".gitignore"), "node_modules\n.platform\n");
    git("init", "--quiet", "--initial-branch=main");
    declare([vpc("10.0.0.0/16"), subnet, policy("s3:GetObject"), task("node:22")]);
    git("add", ".");
    git("commit", "--quiet", "-m", "first");
    declare([vpc("10.1.0.0/16"), subnet, policy("s3:GetObject"), task("node:24")]);
    git("commit", "--quiet", "-am", "second");
  });
  after(() => rmSync(project, { recursive: true, force: true }));

  it("shows a new stack", () => {
    const { status, stdout } = platform(project, "--stack", "prod");
    assert.equal(status, 0);
    assert.match(stdout, / \+ {3}├─ aws:ec2:Vpc +vpc +create\n/);
    assert.match(stdout, /Resources:\n {4}\+ 5 to create\n$/);
  });

  it("plans against a commit, judges what is shown by --exit-code, and leaves no worktree behind", () => {
    const { status, stdout } = platform(project, "-s", "prod", "--baseline", "git:HEAD~1", "--exit-code");
    assert.equal(status, 1);
    assert.match(stdout, /against git:HEAD~1 \([0-9a-f]{7}\)/);
    assert.match(stdout, /aws:ec2:Vpc +vpc +replace +\[diff: ~cidrBlock\]/);
    assert.match(
      stdout,
      /aws:ec2:Subnet +subnet +replace +\[diff: ~vpcId\]; replaced because of vpc; known after apply: vpcId/,
    );
    assert.deepEqual(readdirSync(join(project, ".platform", "worktrees")), []);
    assert.equal(git("worktree", "list").trim().split("\n").length, 1);
    assert.ok(existsSync(join(repository, "node_modules", "@pulumi", "pulumi", "package.json")));
    const deletions = platform(project, "-s", "prod", "--baseline", "git:HEAD~1", "--exit-code", "--only", "delete");
    assert.equal(deletions.status, 0);
  });

  it("sees inside a text that holds another resource's output", () => {
    const { stdout } = platform(project, "-s", "prod", "--baseline", "git:HEAD~1", "--diff", "--target", "task");
    assert.match(
      stdout,
      /~ containerDefinitions: \(json\) \[\n +~ \[0\]: \{\n +~ image: "node:22" => "node:24"\n +\}\n +\] # forces/,
    );
    assert.doesNotMatch(stdout, /environment|ref-/);
  });

  it("finds nothing to do against its own digest", () => {
    const digest = platform(project, "-s", "prod", "--json");
    assert.equal(digest.status, 0);
    assert.deepEqual(JSON.parse(digest.stdout).changeSummary, { create: 5 });
    writeFileSync(join(project, "digest.json"), digest.stdout);
    const again = platform(project, "-s", "prod", "--baseline", "digest.json", "--exit-code");
    assert.equal(again.status, 0, again.stderr);
    assert.match(again.stdout, /Resources:\n {4}5 unchanged\n$/);
  });

  it("says every wrong use in one line, with exit code 2", () => {
    const foreign = join(project, "other.json");
    const urn = "urn:pulumi:prod::other::pulumi:pulumi:Stack::other-prod";
    const resources = [{ urn, type: "pulumi:pulumi:Stack", custom: false }];
    writeFileSync(foreign, JSON.stringify({ version: 3, deployment: { resources } }));
    for (const [args, message] of [
      [
        ["-s", "prod", "--baseline", "git:nowhere"],
        /^platform: baseline: "git:nowhere" is not allowed; allowed: a commit/,
      ],
      [["-s", "prod", "--baseline", "git:--help"], /^platform: baseline: "git:--help" is not allowed/],
      [
        ["-s", "prod", "--baseline", "nothing.json"],
        /^platform: baseline: "nothing.json" is not allowed; allowed: git:REF/,
      ],
      [
        ["-s", "prod", "--baseline", "other.json"],
        /^platform: baseline.project: "other" is not allowed; allowed: shop/,
      ],
      [["-s", "prod", "--only", "destroy"], /^platform: only: "destroy" is not allowed; allowed: same, create/],
      [["-s", "prod", "--timeout", "0"], /^platform: timeout: "0" is not allowed; allowed: seconds/],
      [["--frob"], /^platform: unknown option: "--frob" is not allowed; allowed: .*platform preview --help/],
      [["-s", "prod", "--cwd", "/"], /^platform: project: "\/" is not allowed/],
    ] as const) {
      const { status, stdout, stderr } = platform(project, ...args);
      assert.deepEqual([status, stdout], [2, ""], `${args.join(" ")}: ${stderr}`);
      assert.match(stderr, message);
      assert.equal(stderr.trimEnd().split("\n").length, 1, stderr);
    }
  });

  it("names a ref whose program does not evaluate", () => {
    git("checkout", "--quiet", "-b", "broken");
    writeFileSync(join(project, "index.js"), 'throw new Error("no such luck");\n');
    git("commit", "--quiet", "-am", "broken");
    git("checkout", "--quiet", "main");
    const { status, stderr } = platform(project, "-s", "prod", "--baseline", "git:broken");
    assert.equal(status, 2);
    assert.match(stderr, /^platform: git:broken does not evaluate: .*no such luck/);
    assert.deepEqual(readdirSync(join(project, ".platform", "worktrees")), []);
  });
});
