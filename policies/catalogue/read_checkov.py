#!/usr/bin/env python3
"""Writes checkov.json: the ids of Checkov's checks of AWS resources, with the Terraform types that each looks at.

    pip download checkov==3.3.30 --no-deps && unzip -q checkov-*.whl -d checkov-wheel
    python3 policies/catalogue/read_checkov.py checkov-wheel > policies/catalogue/checkov.json

It reads the source without running it, so none of Checkov's own dependencies are needed.
"""
import ast
import glob
import json
import re
import sys

checks = f"{sys.argv[1]}/checkov/terraform/checks"
version = re.search(r"version = '([\d.]+)'", open(f"{sys.argv[1]}/checkov/version.py").read()).group(1)

# Types that a base class names instead of the check itself, by what the check's file is called.
inherited = {
    r"^IAM(CredentialsExposure|DataExfiltration|PermissionsManagement|PrivilegeEscalation|StarResourcePolicyDocument|WriteAccess)": [
        "aws_iam_group_policy", "aws_iam_policy", "aws_iam_role_policy", "aws_iam_user_policy"],
    r"^NetworkACLUnrestrictedIngress": ["aws_default_network_acl", "aws_network_acl", "aws_network_acl_rule"],
    r"^SecurityGroupUnrestrictedEgress": [
        "aws_security_group", "aws_security_group_rule", "aws_vpc_security_group_egress_rule"],
    r"^SecurityGroupUnrestrictedIngress": [
        "aws_security_group", "aws_security_group_rule", "aws_vpc_security_group_ingress_rule"],
}


def literal(node, names):
    if isinstance(node, ast.Constant):
        return node.value
    if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
        found = []
        for item in node.elts:
            if isinstance(item, ast.Starred):
                found += literal(item.value, names) or []
            else:
                found.append(literal(item, names))
        return found
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        left, right = literal(node.left, names), literal(node.right, names)
        return left + right if type(left) is type(right) and left is not None else None
    if isinstance(node, ast.Call) and node.args:
        return literal(node.args[0], names)
    return None


def from_python(file):
    source = open(file).read()
    tree = ast.parse(source)
    names, ids, types = {}, [], None
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            names[node.targets[0].id] = literal(node.value, names)
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name) and node.value is not None:
            names[node.target.id] = literal(node.value, names)
    for node in ast.walk(tree):
        for keyword in node.keywords if isinstance(node, ast.Call) else []:
            if keyword.arg in ("id", "check_id"):
                ids.append(literal(keyword.value, names))
            if keyword.arg == "supported_resources":
                types = literal(keyword.value, names)
    ids = [one for one in ids if isinstance(one, str) and one.startswith("CKV")] or re.findall(r"CKV2?_AWS_\d+", source)[:1]
    name = file.rsplit("/", 1)[1]
    inherit = next((found for pattern, found in inherited.items() if re.search(pattern, name)), None)
    return ids, inherit or types or names.get("supported_resources") or []


def types_in(value):
    if isinstance(value, list):
        return [found for item in value for found in types_in(item)]
    if not isinstance(value, dict):
        return []
    if value.get("cond_type") == "filter" and value.get("attribute") == "resource_type":
        return [("filter", one) for one in ([value["value"]] if isinstance(value["value"], str) else value["value"])]
    listed = value.get("resource_types", [])
    own = [("listed", one) for one in ([listed] if isinstance(listed, str) else listed)]
    return own + [found for item in value.values() for found in types_in(item)]


def from_graph(file):
    check = json.load(open(file))
    found = types_in(check["definition"])
    filtered = [one for kind, one in found if kind == "filter"]
    return [check["metadata"]["id"]], filtered or [one for _, one in found]


table = {}
for file, read in [(file, from_python) for file in glob.glob(f"{checks}/resource/aws/*.py")] + [
    (file, from_graph) for file in glob.glob(f"{checks}/graph_checks/aws/*.json")
]:
    ids, types = read(file)
    for one in ids:
        table.setdefault(one, set()).update(t for t in types if isinstance(t, str) and t.startswith("aws_"))

order = lambda one: (one.startswith("CKV2"), int(one.rsplit("_", 1)[1]))
rows = [f"    {json.dumps(one)}: {json.dumps(sorted(table[one]))}" for one in sorted(table, key=order) if table[one]]
print('{\n  "version": "%s",\n  "checks": {\n%s\n  }\n}' % (version, ",\n".join(rows)))
