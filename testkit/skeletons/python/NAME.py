#!/usr/bin/env python3
"""An adapter of smi-mesh: a question is one line of JSON on standard input, the answer one line on standard output."""
import json
import sys

# What the target can say, by feature: {"level": "exact"}, {"level": "approximate", "how": "..."} or
# {"level": "none", "why": "..."}. What is missing here counts as none.
SUPPORT = {
    "http-routing": {"level": "approximate", "how": "a list of services with their weights, as an example"},
    "weighted-split": {"level": "exact"},
}


def options_fault(options):
    """What is wrong with the options, as a sentence."""
    unknown = sorted(set(options) - {"access"})
    if unknown:
        return f"NAME has no option {', '.join(unknown)}"
    if options.get("access", "elsewhere") != "elsewhere":
        return "access can be elsewhere and nothing else"
    return None


def emit(model, options):
    """The documents. A target that lets everybody in must not stand for a mesh that does not."""
    closed = any(policy["mode"] == "deny" or "policies" in policy for policy in model["inbound"].values())
    if closed and "access" not in options:
        hint = "Give access: elsewhere when something else keeps callers out."
        return {"errors": [{"message": "NAME keeps nobody out, and the mesh does", "hint": hint}]}
    lines, origins = [], []
    for service in model["services"].values():
        origins += service["origins"]
        for port in model["outbound"][service["id"]]["ports"].values():
            for rule in port["rules"]:
                shares = [f"{t['service']}:{t['port']}={t['weight']}" for t in rule["to"].get("targets", [])]
                lines.append(f"{service['id']}:{port['port']} {rule['to']['kind']} {' '.join(shares)}".rstrip())
                origins += rule["origins"]
    body = "".join(f"{line}\n" for line in lines)
    artifact = {"name": "NAME.conf", "format": "NAME", "body": body, "origins": origins}
    return {"artifacts": [artifact], "losses": []}


def answer(question):
    if question["contract"] != 1:
        return {"errors": [{"message": f"NAME speaks version 1 of the contract, not {question['contract']}"}]}
    fault = options_fault(question["options"])
    if fault:
        return {"errors": [{"message": fault}]}
    if question["operation"] == "describe":
        return {"contract": 1, "id": "NAME", "support": SUPPORT}
    return emit(question["model"], question["options"])


print(json.dumps(answer(json.loads(sys.stdin.readline()))))
