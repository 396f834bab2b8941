#!/usr/bin/env python3
"""An adapter that writes an HAProxy configuration: a router in front of the services, for callers without a sidecar."""
import json, sys

SUPPORT = {}
for level, why, names in (
    ("exact", None, "weighted-split split-with-matches match-method failed-distribution access-allow plain-workloads"
     " tls-permissive tls-off http2-programs metrics-none"),
    ("approximate", "by Host header; a path that is not in normal form is answered 400", "http-routing"),
    ("approximate", "one service of each port number", "tcp-routing"),
    ("approximate", "PCRE reads the expression in place of RE2", "match-path-regex match-header-regex"),
    ("approximate", "a host that no service has is answered 404", "outbound-registry-only outbound-passthrough"),
    ("none", "HAProxy routes no datagrams", "udp-routing access-udp"),
    ("none", "HAProxy has no part in the identities of the mesh, and cannot tell who calls", "mutual-tls access-identity"
     " access-pods access-federated access-http access-port access-audit client-access client-rules end-user-authentication"),
    ("none", "the program does not write it", "external-services request-timeouts retries fault-injection mirroring"
     " header-edits debug-routing load-balancing locality connect-timeout circuit-breaking outlier-detection"
     " health-checks rate-limits tracing tracing-kept tracing-b3"),
):
    entry = {"level": level} | ({"how": why} if level == "approximate" else {"why": why} if why else {})
    SUPPORT |= {name: entry for name in names.split()}

def fault(options):  # What is wrong with them.
    unknown, offset = sorted(set(options) - {"offset", "access"}), options.get("offset", 0)
    if unknown: return f"haproxy has no option {', '.join(unknown)}; it has offset and access"
    if type(offset) is not int or not 0 <= offset <= 60000: return f"offset cannot be {json.dumps(offset)}"
    if options.get("access", "elsewhere") != "elsewhere": return "access can be elsewhere and nothing else"

def name_of(service, port): return f"{service.replace('/', '_')}:{port}"

def quoted(text): return "'" + text.replace("'", "'\\''") + "'"

def conditions(match):
    """Anonymous ACLs; those that stand side by side must all hold."""
    if match == "any": return
    if match["methods"] != "any": yield "method " + " ".join(map(quoted, match["methods"]))
    if match["path"] != "any":
        path, how = match["path"], {"exact": "str", "prefix": "beg", "regex": "reg"}[match["path"]["kind"]]
        yield f"path -m {how} -- " + quoted(path["value"] if "value" in path else f"^(?:{path['re2']})$")
    for header in [] if match["headers"] == "any" else match["headers"]:
        name = "host" if header["name"] == ":authority" else header["name"]
        yield f"req.fhdr({name}) -m reg -- {quoted('^(?:' + header['re2'] + ')$')}"

def choices(service, policy, mode, hosts):
    """Lines that draw a number, and lines that choose a backend: each target has its share of what can be drawn."""
    draw, scope = ("http-request", "txn") if mode == "http" else ("tcp-request connection", "sess")
    for index, rule in [(index, rule) for index, rule in enumerate(policy["rules"]) if rule["from"] == "any"]:
        own = [{"service": service["id"], "port": policy["port"], "weight": 1}]
        targets, below = rule["to"].get("targets", own), 0
        total = sum(target["weight"] for target in targets)
        number = f"{scope}.{name_of(service['id'], policy['port'])}:{index}".replace("-", "__").replace(":", "_")
        if len(targets) > 1: yield f"  {draw} set-var({number}) rand({total})"
        for target in (target for target in targets if target["weight"] > 0):
            below += target["weight"]
            share = [f"var({number}) -m int lt {below}"] if below < total else []
            when = "".join(f" {{ {acl} }}" for acl in [*hosts, *conditions(rule["match"]), *share])
            name = f"no_endpoints_{mode}" if rule["to"]["kind"] == "fail" else name_of(target["service"], target["port"])
            yield f"  use_backend {name}" + (f" if{when}" if when else "")

def configuration(model, options, losses):
    frontends, backends = {}, ["backend no_endpoints_http", "  mode http", "backend no_endpoints_tcp"]
    ports = [(service, port) for service in model["services"].values() for port in service["ports"]]
    for service, port in [(service, port) for service, port in ports if port["protocol"] != "udp"]:
        mode, number, policies = port["protocol"], port["port"], model["outbound"][service["id"]]["ports"]
        backends += [f"backend {name_of(service['id'], number)}", f"  mode {mode}", "  retries 0"]
        for workload, at in ((model["workloads"][target["workload"]], target["port"]) for target in port["targets"]):
            server = f"  server {workload['id'].replace('/', '_')} {''.join(workload['addresses'][:1])}:{at}"
            if workload["ready"] and workload["addresses"]: backends.append(server + " proto h2" * port.get("http2", False))
        hosts = ["hdr(host) -i -- " + " ".join(f"{host} {host}:{number}" for host in service["hosts"])] * (mode == "http")
        if number in frontends and "tcp" in (mode, frontends[number][0]):
            text = f"port {number} of {service['id']} is not reached: another service has the number"
            losses.append({"feature": "tcp-routing", "kind": "dropped", "text": text, "origins": service["origins"]})
            continue
        frontends.setdefault(number, (mode, []))[1].extend(choices(service, policies[str(number)], mode, hosts))
    yield from ("defaults", "  timeout connect 5s", "  timeout client 1h", "  timeout server 1h")
    for number, (mode, lines) in sorted(frontends.items()):
        yield from (f"frontend {mode}-{number}", f"  mode {mode}", f"  bind :{number + options.get('offset', 0)}")
        if mode == "http": yield "  http-request deny deny_status 400 if { path -m reg -- '//|/[.][.]?(/|$)|[%#]|[\\\\]' }"
        yield from sorted(lines, key=lambda line: "use_backend" in line)
        if mode == "http": yield "  default_backend no_service"
    yield from [*backends, "backend no_service", "  mode http", "  http-request return status 404"]

def origins_in(part):
    for key, value in part.items() if isinstance(part, dict) else enumerate(part) if isinstance(part, list) else ():
        yield from value if key == "origins" else origins_in(value)

def answer(contract, operation, options, model=None):
    if contract != 1: return {"errors": [{"message": f"haproxy speaks version 1 of the contract, not {contract}"}]}
    if fault(options): return {"errors": [{"message": fault(options)}]}
    if operation == "describe": return {"contract": 1, "id": "haproxy", "support": SUPPORT}
    closed = [policy for policy in model["inbound"].values() if policy["mode"] == "deny" or "policies" in policy]
    if closed and "access" not in options:
        hint = "Give access: elsewhere when the sidecars of the servers keep callers out."
        return {"errors": [{"message": "HAProxy cannot tell who calls, and the mesh keeps callers out", "hint": hint}]}
    losses, origins = [], list(origins_in([model["services"], model["workloads"], model["outbound"]]))
    body = "\n".join(configuration(model, options, losses)) + "\n"
    return {"artifacts": [{"name": "haproxy.cfg", "format": "haproxy", "body": body, "origins": origins}], "losses": losses}

print(json.dumps(answer(**json.loads(sys.stdin.readline()))))
