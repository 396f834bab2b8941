#!/bin/bash
# runc for nodes whose containers may have another time than the machine; see clock.c.
# Its folder of the node, and the Node that edits bundles, stand in the environment of containerd.
bundle=.
arguments=("$@")
for ((index = 0; index < $#; index += 1)); do
  case ${arguments[index]} in --bundle | -b) bundle=${arguments[index + 1]} ;; esac
done
case " $* " in *" create "*) "$LAB_NODE" -e '
  const fs = require("node:fs");
  const [file, source] = process.argv.slice(1);
  const spec = JSON.parse(fs.readFileSync(file, "utf8"));
  const destination = "/run/lab-clock";
  spec.mounts.push({ destination, source, type: "bind", options: ["rbind", "ro"] });
  spec.process.env.push(`LD_PRELOAD=${destination}/clock.so`);
  fs.writeFileSync(file, JSON.stringify(spec));
' "$bundle/config.json" "$LAB_CLOCK" ;; esac
exec runc "$@"
