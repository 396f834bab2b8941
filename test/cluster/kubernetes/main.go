// The smallest Kubernetes that the tests need: etcd and kube-apiserver as one program, chosen by the name that it is
// called by. Built by scripts/kubernetes.mjs.
package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"go.etcd.io/etcd/server/v3/etcdmain"
	"k8s.io/component-base/cli"
	_ "k8s.io/component-base/logs/json/register"
	apiserver "k8s.io/kubernetes/cmd/kube-apiserver/app"
)

func main() {
	if os.Getenv("SMI_MESH_EXIT_WITH_STDIN") != "" {
		go exitWithStdin()
	}
	switch name := filepath.Base(os.Args[0]); name {
	case "etcd":
		etcdmain.Main(os.Args)
	case "kube-apiserver":
		os.Exit(cli.Run(apiserver.NewAPIServerCommand()))
	default:
		fmt.Fprintf(os.Stderr, "called as %q: expected etcd or kube-apiserver\n", name)
		os.Exit(2)
	}
}

// exitWithStdin ends this process when whoever holds the other end of its standard input is gone, however that ended:
// a killed test run leaves nothing behind.
func exitWithStdin() {
	_, _ = io.Copy(io.Discard, os.Stdin)
	os.Exit(1)
}
