package main

import (
	"bufio"
	"crypto/tls"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
)

// expectation is one resource that every client is to get.
type expectation struct {
	typeUrl  string
	checksum uint64
	left     atomic.Int64
	done     chan struct{}
}

// fleet is all the clients of the process.
type fleet struct {
	address string
	secure  *tls.Config
	// Names to subscribe to by type; nil asks for everything.
	names    map[string][]string
	first    response
	expected atomic.Pointer[expectation]
	received atomic.Int64
	// Acknowledgements sent, by index of the type.
	acks [4]atomic.Int64
	// Resources, or removals, that no client should have got.
	surplus atomic.Int64
}

type report struct {
	// Octets received since the report before.
	Bytes int64 `json:"bytes"`
	// Acknowledgements sent in all, by index of the type.
	Acks [4]int64 `json:"acks"`
	// Resources that came and were not expected, in all.
	Surplus int64 `json:"surplus"`
}

// runClients connects clients and checks that each gets the whole fixture. Then a line `TYPE_INDEX NAME VARIANT` on standard input
// is answered by `ready`, and by a report once every client has got that resource and acknowledged it.
func runClients(arguments []string) error {
	flags := flag.NewFlagSet("clients", flag.ContinueOnError)
	address := flags.String("address", "", "HOST:PORT of the server")
	count := flags.Int("count", 0, "number of clients")
	files := flags.String("tls", "", "CERTIFICATE,KEY,AUTHORITY of mutual TLS")
	fixture := flags.String("fixture", "", "file of resources")
	wildcard := flags.Bool("wildcard", false, "subscribe to all types by wildcard, not only to clusters and listeners")
	if err := flags.Parse(arguments); err != nil {
		return err
	}
	fleet, variants, err := prepare(*fixture, *wildcard)
	if err != nil {
		return err
	}
	fleet.address = *address
	if fleet.secure, err = identity(*files); err != nil {
		return err
	}
	failed := make(chan error, *count+1)
	go fleet.connect(*count, failed)
	go func() { failed <- fleet.obey(variants, int64(*count)) }()
	return <-failed
}

func prepare(path string, wildcard bool) (*fleet, map[string]uint64, error) {
	resources, err := readFixture(path)
	if err != nil {
		return nil, nil, err
	}
	all := &fleet{names: map[string][]string{}}
	variants := map[string]uint64{}
	for _, resource := range resources {
		typeUrl, body := resource.GetResource().GetTypeUrl(), resource.GetResource().GetValue()
		variants[variantKey(typeUrl, resource.GetName(), resource.GetVersion())] = checksumOf([]byte(resource.GetName()), body)
		if resource.GetVersion() != variantA {
			continue
		}
		all.first.addResource([]byte(resource.GetName()), body)
		if !wildcard && (typeUrl == typeEndpoint || typeUrl == typeRoute) {
			all.names[typeUrl] = append(all.names[typeUrl], resource.GetName())
		}
	}
	return all, variants, nil
}

// connect starts the clients, some at a time, and reports once all have everything.
func (f *fleet) connect(count int, failed chan<- error) {
	const atOnce = 16
	turns := make(chan struct{}, atOnce)
	var synced sync.WaitGroup
	for index := range count {
		turns <- struct{}{}
		synced.Add(1)
		go func() {
			failed <- f.client(fmt.Sprintf("bench/client-%d", index), func() {
				<-turns
				synced.Done()
			})
		}()
	}
	synced.Wait()
	f.report()
}

func (f *fleet) client(node string, synced func()) error {
	c, err := dial(f.address, f.secure)
	if err != nil {
		return err
	}
	for _, typeUrl := range typeUrls {
		c.send(subscription(node, typeUrl, f.names[typeUrl]))
		node = ""
	}
	if err := c.flush(); err != nil {
		return err
	}
	var have response
	complete := false
	counted := int64(0)
	for {
		message, err := c.receive()
		if err != nil {
			return err
		}
		got, err := parseResponse(message)
		if err != nil {
			return err
		}
		c.send(acknowledgement(got.typeUrl, got.nonce))
		if err := c.flush(); err != nil {
			return err
		}
		f.acks[indexOf(got.typeUrl)].Add(1)
		f.received.Add(c.received - counted)
		counted = c.received
		if complete {
			f.check(got)
			continue
		}
		have.resources += got.resources
		have.octets += got.octets
		have.checksum += got.checksum
		if have.resources > f.first.resources || got.removed > 0 {
			return fmt.Errorf("%d resources, not %d", have.resources, f.first.resources)
		}
		if have.resources == f.first.resources {
			if have.checksum != f.first.checksum || have.octets != f.first.octets {
				return errors.New("the resources are not those of the fixture")
			}
			complete = true
			synced()
		}
	}
}

func indexOf(typeUrl string) int {
	for index, known := range typeUrls {
		if known == typeUrl {
			return index
		}
	}
	panic("unknown type " + typeUrl)
}

func (f *fleet) check(got response) {
	expected := f.expected.Load()
	if expected == nil || got.resources != 1 || got.checksum != expected.checksum || got.removed > 0 {
		f.surplus.Add(int64(got.resources + got.removed))
		return
	}
	left := expected.left.Add(-1)
	if left == 0 {
		close(expected.done)
	}
	if left < 0 {
		f.surplus.Add(1)
	}
}

func (f *fleet) obey(variants map[string]uint64, count int64) error {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var index int
		var name, variant string
		if _, err := fmt.Sscan(lines.Text(), &index, &name, &variant); err != nil {
			return err
		}
		checksum, there := variants[variantKey(typeUrls[index], name, variant)]
		if !there {
			return fmt.Errorf("no variant %s of %s", variant, name)
		}
		expected := &expectation{typeUrl: typeUrls[index], checksum: checksum, done: make(chan struct{})}
		expected.left.Store(count)
		f.expected.Store(expected)
		fmt.Println(`"ready"`)
		<-expected.done
		f.report()
	}
	return lines.Err()
}

func (f *fleet) report() {
	out := report{Bytes: f.received.Swap(0), Surplus: f.surplus.Load()}
	for index := range f.acks {
		out.Acks[index] = f.acks[index].Load()
	}
	line, _ := json.Marshal(out)
	fmt.Println(string(line))
}
