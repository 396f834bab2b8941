module smi-mesh/test/cluster/pause

go 1.24
