package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	_ "github.com/envoyproxy/go-control-plane/envoy/config/cluster/v3"
	core "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/config/endpoint/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/config/listener/v3"
	_ "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	discovery "github.com/envoyproxy/go-control-plane/envoy/service/discovery/v3"
	"github.com/envoyproxy/go-control-plane/pkg/cache/types"
	"github.com/envoyproxy/go-control-plane/pkg/cache/v3"
	xds "github.com/envoyproxy/go-control-plane/pkg/server/v3"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/keepalive"
)

// store is a cache of go-control-plane and how one resource of it is replaced.
type store interface {
	cache() cache.Cache
	set(typeUrl string, name string, resource types.Resource) error
}

// serve runs go-control-plane over a fixture. A line `TYPE_INDEX NAME VARIANT TOTAL` on standard input puts a variant in
// place; a line with the microseconds from then on follows once TOTAL acknowledgements of that type have ever come.
func serve(arguments []string) error {
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	kind := flags.String("cache", "", "linear or snapshot")
	files := flags.String("tls", "", "CERTIFICATE,KEY,AUTHORITY of mutual TLS")
	fixture := flags.String("fixture", "", "file of resources")
	port := flags.Int("port", 0, "port on 127.0.0.1")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	variants, store, err := load(*fixture, *kind)
	if err != nil {
		return err
	}
	acks := &ackCounter{counts: map[string]int{}}
	callbacks := xds.CallbackFuncs{StreamDeltaRequestFunc: acks.request}
	options := []grpc.ServerOption{
		grpc.MaxConcurrentStreams(1_000_000),
		grpc.KeepaliveParams(keepalive.ServerParameters{Time: 10 * time.Second, Timeout: 10 * time.Second}),
	}
	secure, err := identity(*files)
	if err != nil {
		return err
	}
	if secure != nil {
		options = append(options, grpc.Creds(credentials.NewTLS(secure)))
	}
	server := grpc.NewServer(options...)
	discovery.RegisterAggregatedDiscoveryServiceServer(server, xds.NewServer(context.Background(), store.cache(), callbacks))
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		return err
	}
	failed := make(chan error, 2)
	go func() { failed <- server.Serve(listener) }()
	go func() { failed <- obey(variants, store, acks) }()
	return <-failed
}

func obey(variants map[string]types.Resource, store store, acks *ackCounter) error {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var index, total int
		var name, variant string
		if _, err := fmt.Sscan(lines.Text(), &index, &name, &variant, &total); err != nil {
			return err
		}
		typeUrl := typeUrls[index]
		resource, there := variants[variantKey(typeUrl, name, variant)]
		if !there {
			return fmt.Errorf("no variant %s of %s", variant, name)
		}
		done := acks.await(typeUrl, total)
		began := time.Now()
		if err := store.set(typeUrl, name, resource); err != nil {
			return err
		}
		fmt.Println((<-done).Sub(began).Microseconds())
	}
	return lines.Err()
}

func variantKey(typeUrl string, name string, variant string) string {
	return typeUrl + " " + name + " " + variant
}

func load(path string, kind string) (map[string]types.Resource, store, error) {
	resources, err := readFixture(path)
	if err != nil {
		return nil, nil, err
	}
	variants := map[string]types.Resource{}
	first := map[string]map[string]types.Resource{}
	for _, typeUrl := range typeUrls {
		first[typeUrl] = map[string]types.Resource{}
	}
	for _, resource := range resources {
		message, err := resource.GetResource().UnmarshalNew()
		if err != nil {
			return nil, nil, err
		}
		typeUrl := resource.GetResource().GetTypeUrl()
		variants[variantKey(typeUrl, resource.GetName(), resource.GetVersion())] = message
		if resource.GetVersion() == variantA {
			first[typeUrl][resource.GetName()] = message
		}
	}
	switch kind {
	case "linear":
		return variants, newLinearStore(first), nil
	case "snapshot":
		store, err := newSnapshotStore(first)
		return variants, store, err
	default:
		return nil, nil, errors.New("-cache takes linear or snapshot")
	}
}

// linearStore has a linear cache for each type behind a mux.
type linearStore map[string]*cache.LinearCache

func newLinearStore(resources map[string]map[string]types.Resource) linearStore {
	store := linearStore{}
	for typeUrl, ofType := range resources {
		store[typeUrl] = cache.NewLinearCache(typeUrl, cache.WithInitialResources(ofType))
	}
	return store
}

func (store linearStore) cache() cache.Cache {
	caches := map[string]cache.Cache{}
	for typeUrl, linear := range store {
		caches[typeUrl] = linear
	}
	return &cache.MuxCache{
		Classify:      func(request *cache.Request) string { return request.GetTypeUrl() },
		ClassifyDelta: func(request *cache.DeltaRequest) string { return request.GetTypeUrl() },
		Caches:        caches,
	}
}

func (store linearStore) set(typeUrl string, name string, resource types.Resource) error {
	return store[typeUrl].UpdateResource(name, resource)
}

// snapshotStore has one snapshot for all nodes.
type snapshotStore struct {
	snapshots cache.SnapshotCache
	resources map[string]map[string]types.Resource
	version   int
}

type oneGroup struct{}

func (oneGroup) ID(*core.Node) string { return "all" }

func newSnapshotStore(resources map[string]map[string]types.Resource) (*snapshotStore, error) {
	store := &snapshotStore{snapshots: cache.NewSnapshotCache(true, oneGroup{}, nil), resources: resources}
	return store, store.publish()
}

func (store *snapshotStore) cache() cache.Cache { return store.snapshots }

func (store *snapshotStore) set(typeUrl string, name string, resource types.Resource) error {
	store.resources[typeUrl][name] = resource
	return store.publish()
}

func (store *snapshotStore) publish() error {
	store.version++
	lists := map[string][]types.Resource{}
	for typeUrl, ofType := range store.resources {
		for _, resource := range ofType {
			lists[typeUrl] = append(lists[typeUrl], resource)
		}
	}
	snapshot, err := cache.NewSnapshot(fmt.Sprint(store.version), lists)
	if err != nil {
		return err
	}
	return store.snapshots.SetSnapshot(context.Background(), "all", snapshot)
}

// ackCounter counts acknowledgements by type.
type ackCounter struct {
	mutex   sync.Mutex
	counts  map[string]int
	awaited string
	total   int
	done    chan time.Time
}

// await returns what receives the time at which the total was reached.
func (acks *ackCounter) await(typeUrl string, total int) <-chan time.Time {
	acks.mutex.Lock()
	defer acks.mutex.Unlock()
	acks.awaited, acks.total, acks.done = typeUrl, total, make(chan time.Time, 1)
	return acks.done
}

func (acks *ackCounter) request(_ int64, request *discovery.DeltaDiscoveryRequest) error {
	if request.GetResponseNonce() == "" {
		return nil
	}
	typeUrl := request.GetTypeUrl()
	if request.GetErrorDetail() != nil {
		return fmt.Errorf("refused: %s", request.GetErrorDetail().GetMessage())
	}
	acks.mutex.Lock()
	defer acks.mutex.Unlock()
	acks.counts[typeUrl]++
	if typeUrl == acks.awaited && acks.counts[typeUrl] == acks.total {
		acks.done <- time.Now()
	}
	return nil
}
