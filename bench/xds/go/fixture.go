package main

import (
	"bufio"
	"errors"
	"io"
	"os"

	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"google.golang.org/protobuf/encoding/protodelim"
)

const (
	typeCluster  = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
	typeEndpoint = "type.googleapis.com/envoy.config.endpoint.v3.ClusterLoadAssignment"
	typeListener = "type.googleapis.com/envoy.config.listener.v3.Listener"
	typeRoute    = "type.googleapis.com/envoy.config.route.v3.RouteConfiguration"
)

// In the order in which a client asks for them.
var typeUrls = []string{typeCluster, typeEndpoint, typeListener, typeRoute}

const (
	variantA = "a"
	variantB = "b"
)

// readFixture returns the resources of a file: delimited Resource messages whose version is a variant. Each is there
// as variant a; those that also exist with another weight follow as variant b.
func readFixture(path string) ([]*discovery.Resource, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	reader := bufio.NewReaderSize(file, 1<<20)
	var resources []*discovery.Resource
	for {
		resource := &discovery.Resource{}
		if err := protodelim.UnmarshalFrom(reader, resource); errors.Is(err, io.EOF) {
			return resources, nil
		} else if err != nil {
			return nil, err
		}
		resources = append(resources, resource)
	}
}
