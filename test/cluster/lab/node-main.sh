#!/bin/bash
# The first process of a node, in namespaces of its own: containerd, kubelet and kube-proxy. When whoever holds the other end
# of its standard input is gone, it ends, and the kernel ends everything in the node.
# node-main.sh NAME ADDRESS PODRANGE FOLDER PROGRAMS IMAGE...
set -u
name=$1 address=$2 podrange=$3 folder=$4 programs=$5
shift 5

# Nothing is started before the network is there.
read -r _ || exit 1
exec 3<&0 </dev/null

hostname "$name"
mount --make-rshared /
mount -t sysfs sys /sys
mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
for controller in cpu cpuacct cpuset memory devices freezer blkio pids; do
  mkdir "/sys/fs/cgroup/$controller" && mount -t cgroup -o "$controller" "$controller" "/sys/fs/cgroup/$controller"
done
mkdir /sys/fs/cgroup/systemd && mount -t cgroup -o none,name=systemd systemd /sys/fs/cgroup/systemd
mount -t tmpfs -o mode=755 run /run
mkdir -p /run/lock /run/netns /run/cni/{bin,net.d} "$folder"/{lib/kubelet,lib/cni,lib/containerd,log/pods,log/containers}
ln -s /usr/lib/cni/* /run/cni/bin/
mount --bind "$folder/lib" /var/lib
mount --bind "$folder/log" /var/log
mount --make-rshared /

cat >/run/cni/net.d/10-bridge.conflist <<END
{"cniVersion":"1.0.0","name":"pods","plugins":[
 {"type":"bridge","bridge":"cni0","isGateway":true,"hairpinMode":true,"ipMasq":false,"mtu":1500,
  "ipam":{"type":"host-local","dataDir":"/var/lib/cni/networks","ranges":[[{"subnet":"$podrange"}]],"routes":[{"dst":"0.0.0.0/0"}]}},
 {"type":"portmap","capabilities":{"portMappings":true}}]}
END
# Root of this machine may lack CAP_SYS_RESOURCE, which lower OOM scores need.
cat >/run/containerd.toml <<END
version = 2
root = "/var/lib/containerd"
state = "/run/containerd"
disabled_plugins = ["io.containerd.snapshotter.v1.btrfs","io.containerd.snapshotter.v1.zfs","io.containerd.snapshotter.v1.devmapper","io.containerd.snapshotter.v1.aufs"]
[grpc]
address = "/run/containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "registry.k8s.io/pause:3.10"
restrict_oom_score_adj = true
disable_apparmor = true
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
BinaryName = "${RUNC:?}"
[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/run/cni/bin"
conf_dir = "/run/cni/net.d"
END
echo "nameserver ${DNS_SERVICE:?}" >/run/resolv.conf
cat >/run/kubelet.yaml <<END
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $folder/ca.crt}}
authorization: {mode: Webhook}
cgroupDriver: cgroupfs
enforceNodeAllocatable: []
failSwapOn: false
clusterDNS: [$DNS_SERVICE]
clusterDomain: cluster.local
containerRuntimeEndpoint: unix:///run/containerd/containerd.sock
resolvConf: /run/resolv.conf
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: "0%", nodefs.available: "0%", nodefs.inodesFree: "0%", imagefs.available: "0%"}
nodeStatusReportFrequency: 10s
nodeStatusUpdateFrequency: 5s
syncFrequency: 10s
configMapAndSecretChangeDetectionStrategy: Watch
maxOpenFiles: 20000
maxPods: 250
kubeAPIQPS: 200
kubeAPIBurst: 400
serializeImagePulls: false
registerNode: true
rotateCertificates: false
END
# The sysctls of connection tracking are the machine's.
cat >/run/kube-proxy.yaml <<END
apiVersion: kubeproxy.config.k8s.io/v1alpha1
kind: KubeProxyConfiguration
clientConnection: {kubeconfig: $folder/proxy.kubeconfig}
mode: iptables
clusterCIDR: ${POD_RANGE:?}
hostnameOverride: $name
conntrack: {maxPerCore: 0, min: 0, tcpEstablishedTimeout: 0s, tcpCloseWaitTimeout: 0s}
iptables: {minSyncPeriod: 0s}
END

containerd -c /run/containerd.toml >"$folder/containerd.log" 2>&1 3<&- &
for _ in $(seq 400); do
  ctr -a /run/containerd/containerd.sock version >/dev/null 2>&1 && break
  sleep 0.05
done
for image; do ctr -n k8s.io images import "$image" >>"$folder/import.log" 2>&1; done
"$programs/kubelet" --config=/run/kubelet.yaml --kubeconfig="$folder/kubelet.kubeconfig" --hostname-override="$name" \
  --node-ip="$address" --v=1 >"$folder/kubelet.log" 2>&1 3<&- &
"$programs/kube-proxy" --config=/run/kube-proxy.yaml --v=1 >"$folder/kube-proxy.log" 2>&1 3<&- &
cat <&3 >/dev/null
