// A gRPC client without a sidecar, with grpc-go; README.md says what it does.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/credentials/xds"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	_ "google.golang.org/grpc/xds"
)

const deadline = 20 * time.Second

type question struct {
	Target   string
	Method   string
	Metadata map[string]string
	Calls    int
}

// Messages are bytes as they are.
type raw struct{}

func (raw) Marshal(message any) ([]byte, error) { return *message.(*[]byte), nil }
func (raw) Unmarshal(data []byte, message any) error {
	*message.(*[]byte) = append([]byte(nil), data...)
	return nil
}
func (raw) Name() string { return "proto" }

var _ encoding.Codec = raw{}

var channels = map[string]*grpc.ClientConn{}

func channelOf(target string) *grpc.ClientConn {
	if channels[target] == nil {
		credentials, err := xds.NewClientCredentials(xds.ClientOptions{FallbackCreds: insecure.NewCredentials()})
		if err != nil {
			panic(err)
		}
		channel, err := grpc.NewClient(target, grpc.WithTransportCredentials(credentials))
		if err != nil {
			panic(err)
		}
		channels[target] = channel
	}
	return channels[target]
}

func call(asked question) string {
	ctx, cancel := context.WithTimeout(context.Background(), deadline)
	defer cancel()
	ctx = metadata.NewOutgoingContext(ctx, metadata.New(asked.Metadata))
	var request, answer []byte
	err := channelOf(asked.Target).Invoke(ctx, asked.Method, &request, &answer, grpc.ForceCodec(raw{}))
	if err != nil {
		fmt.Fprintln(os.Stderr, status.Convert(err).Message())
		return strconv.Itoa(int(status.Code(err)))
	}
	return string(answer)
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var asked question
		if err := json.Unmarshal(lines.Bytes(), &asked); err != nil {
			panic(err)
		}
		counts := map[string]int{}
		for range asked.Calls {
			counts[call(asked)]++
		}
		answer, _ := json.Marshal(counts)
		fmt.Println(string(answer))
	}
}
