// The parts of the benchmark `xds` in Go: go-control-plane as the server, and the light clients that all servers are
// measured with.
package main

import (
	"fmt"
	"os"
)

func main() {
	usage := fmt.Errorf("usage: xds-bench canonical | serve | clients")
	if len(os.Args) < 2 {
		fail(usage)
	}
	arguments := os.Args[2:]
	var err error
	switch os.Args[1] {
	case "canonical":
		err = canonical(arguments)
	case "serve":
		err = serve(arguments)
	case "clients":
		err = runClients(arguments)
	default:
		err = usage
	}
	if err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, "xds-bench:", err)
	os.Exit(1)
}
