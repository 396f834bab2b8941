// The peer in Go; README.md of the folder above says what it does.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

const sentence = "nö: 100% of\nthis \"works\""

var everyOctet = func() string {
	octets := make([]byte, 256)
	for i := range octets {
		octets[i] = byte(i)
	}
	return string(octets)
}()

// raw passes messages as the bytes that they are.
type raw struct{}

func (raw) Marshal(v any) ([]byte, error) { return *v.(*[]byte), nil }
func (raw) Unmarshal(data []byte, v any) error {
	*v.(*[]byte) = bytes.Clone(data)
	return nil
}
func (raw) Name() string { return "proto" }

var cancelled atomic.Int64

func first(md metadata.MD, name string) (string, bool) {
	if values := md.Get(name); len(values) > 0 {
		return values[0], true
	}
	return "", false
}

func send(stream grpc.ServerStream, message []byte) error { return stream.SendMsg(&message) }

func handle(_ any, stream grpc.ServerStream) error {
	method, _ := grpc.MethodFromServerStream(stream)
	md, _ := metadata.FromIncomingContext(stream.Context())
	if echo, ok := first(md, "x-echo"); ok {
		if err := stream.SendHeader(metadata.Pairs("x-echo", echo)); err != nil {
			return err
		}
	}
	if binary, ok := first(md, "x-echo-bin"); ok {
		stream.SetTrailer(metadata.Pairs("x-echo-bin", binary))
	}
	switch strings.TrimPrefix(method, "/interop.Echo/") {
	case "Unary":
		return unaryHandler(stream, md)
	case "Cancelled":
		var request []byte
		if err := stream.RecvMsg(&request); err != nil {
			return err
		}
		return send(stream, []byte(strconv.FormatInt(cancelled.Load(), 10)))
	case "Collect":
		count, octets := 0, 0
		for {
			var message []byte
			if err := stream.RecvMsg(&message); err == io.EOF {
				return send(stream, fmt.Appendf(nil, "%d:%d", count, octets))
			} else if err != nil {
				return err
			}
			count, octets = count+1, octets+len(message)
		}
	case "Produce":
		return produceHandler(stream, md)
	case "Chat":
		for {
			var message []byte
			if err := stream.RecvMsg(&message); err == io.EOF {
				if _, ok := first(md, "x-wait"); ok {
					<-stream.Context().Done()
					cancelled.Add(1)
				}
				return nil
			} else if err != nil {
				cancelled.Add(1)
				return err
			}
			if err := send(stream, message); err != nil {
				return err
			}
		}
	}
	return status.Error(codes.Unimplemented, "no such method")
}

func unaryHandler(stream grpc.ServerStream, md metadata.MD) error {
	var request []byte
	if err := stream.RecvMsg(&request); err != nil {
		return err
	}
	if _, ok := first(md, "x-wait"); ok {
		<-stream.Context().Done()
		cancelled.Add(1)
		return stream.Context().Err()
	}
	if text, ok := first(md, "x-status"); ok {
		code, _ := strconv.Atoi(text)
		return status.Error(codes.Code(code), string(request))
	}
	if text, ok := first(md, "x-size"); ok {
		size, _ := strconv.Atoi(text)
		request = bytes.Repeat([]byte("x"), size)
	}
	return send(stream, request)
}

func produceHandler(stream grpc.ServerStream, md metadata.MD) error {
	var request []byte
	if err := stream.RecvMsg(&request); err != nil {
		return err
	}
	var count, size int
	if _, err := fmt.Sscan(string(request), &count, &size); err != nil {
		return err
	}
	for range count {
		if err := send(stream, make([]byte, size)); err != nil {
			return err
		}
	}
	if text, ok := first(md, "x-status"); ok {
		code, _ := strconv.Atoi(text)
		return status.Error(codes.Code(code), "nö")
	}
	return nil
}

func serve(address string) error {
	listener, err := net.Listen("tcp", address)
	if err != nil {
		return err
	}
	const unlimited = 1 << 30
	server := grpc.NewServer(grpc.ForceServerCodec(raw{}), grpc.UnknownServiceHandler(handle), grpc.MaxRecvMsgSize(unlimited))
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM)
	go func() {
		<-signals
		server.GracefulStop()
	}()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin)
		os.Exit(0)
	}()
	fmt.Println("ready")
	return server.Serve(listener)
}

type peer struct{ connection *grpc.ClientConn }

func newPeer(target, authority string) (*peer, error) {
	fast := backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.2, MaxDelay: 200 * time.Millisecond}
	connection, err := grpc.NewClient(
		"passthrough:///"+target,
		grpc.WithAuthority(authority),
		grpc.WithTransportCredentials(insecure.NewCredentials()),
		grpc.WithConnectParams(grpc.ConnectParams{Backoff: fast, MinConnectTimeout: 5 * time.Second}),
		grpc.WithDefaultCallOptions(grpc.ForceCodec(raw{}), grpc.MaxCallRecvMsgSize(1<<30)),
	)
	return &peer{connection}, err
}

type result struct {
	code              int
	message           string
	body              string
	initial, trailing metadata.MD
}

func (p *peer) unary(method, body string, deadline time.Duration, fields ...string) result {
	ctx, stop := context.WithTimeout(context.Background(), deadline)
	defer stop()
	var answer []byte
	var r result
	request := []byte(body)
	ctx = metadata.AppendToOutgoingContext(ctx, fields...)
	err := p.connection.Invoke(ctx, "/interop.Echo/"+method, &request, &answer, grpc.Header(&r.initial), grpc.Trailer(&r.trailing))
	r.code, r.message, r.body = int(status.Code(err)), status.Convert(err).Message(), string(answer)
	return r
}

func (p *peer) stream(ctx context.Context, method string) (grpc.ClientStream, error) {
	return p.connection.NewStream(ctx, &grpc.StreamDesc{ClientStreams: true, ServerStreams: true}, "/interop.Echo/"+method)
}

const usual = 20 * time.Second

func (p *peer) cancelled() int {
	count, _ := strconv.Atoi(p.unary("Cancelled", "", usual).body)
	return count
}

func (p *peer) cancelledSince(before int) bool {
	for end := time.Now().Add(10 * time.Second); time.Now().Before(end); time.Sleep(10 * time.Millisecond) {
		if p.cancelled() > before {
			return true
		}
	}
	return false
}

// drain counts what a server sends; pause runs after the first message.
func (p *peer) drain(request string, pause func(), fields ...string) (code, count, octets int, message string) {
	ctx := metadata.AppendToOutgoingContext(context.Background(), fields...)
	stream, err := p.stream(ctx, "Produce")
	if err == nil {
		body := []byte(request)
		_ = stream.SendMsg(&body)
		_ = stream.CloseSend()
		for {
			var received []byte
			if err = stream.RecvMsg(&received); err != nil {
				break
			}
			count, octets = count+1, octets+len(received)
			if count == 1 && pause != nil {
				pause()
			}
		}
	}
	if err == io.EOF {
		err = nil
	}
	return int(status.Code(err)), count, octets, status.Convert(err).Message()
}

func value(md metadata.MD, name string) any {
	if text, ok := first(md, name); ok {
		return text
	}
	return nil
}

var scenarios = map[string]func(*peer) any{
	"unary": func(p *peer) any {
		r := p.unary("Unary", "hello", usual)
		return []any{r.code, r.message, r.body}
	},
	"empty": func(p *peer) any {
		r := p.unary("Unary", "", usual)
		return []any{r.code, len(r.body)}
	},
	"metadata": func(p *peer) any {
		r := p.unary("Unary", "x", usual, "x-echo", "a b;c", "x-echo-bin", everyOctet)
		binary, _ := first(r.trailing, "x-echo-bin")
		return []any{r.code, value(r.initial, "x-echo"), binary == everyOctet}
	},
	"statuses": func(p *peer) any {
		var results []any
		for code := 1; code <= 16; code++ {
			r := p.unary("Unary", sentence, usual, "x-status", strconv.Itoa(code))
			if r.message == sentence {
				results = append(results, r.code)
			} else {
				results = append(results, []any{r.code, r.message})
			}
		}
		return results
	},
	"status after metadata": func(p *peer) any {
		r := p.unary("Unary", "no", usual, "x-status", "5", "x-echo", "a")
		return []any{r.code, r.message, value(r.initial, "x-echo")}
	},
	"unknown method": func(p *peer) any { return p.unary("Nothing", "", usual).code },
	"collect": func(p *peer) any {
		stream, err := p.stream(context.Background(), "Collect")
		if err != nil {
			return err.Error()
		}
		message := make([]byte, 1000)
		for range 100 {
			_ = stream.SendMsg(&message)
		}
		_ = stream.CloseSend()
		var answer []byte
		if err := stream.RecvMsg(&answer); err != nil {
			return err.Error()
		}
		return string(answer)
	},
	"produce": func(p *peer) any {
		code, count, octets, _ := p.drain("100 1000", nil)
		return []any{code, count, octets}
	},
	"status after messages": func(p *peer) any {
		code, count, _, message := p.drain("2 10", nil, "x-status", "9")
		return []any{code, count, message}
	},
	"chat": func(p *peer) any {
		stream, err := p.stream(context.Background(), "Chat")
		if err != nil {
			return err.Error()
		}
		turns := 0
		for turns < 50 {
			message, answer := fmt.Appendf(nil, "turn %d", turns), []byte{}
			_ = stream.SendMsg(&message)
			if err := stream.RecvMsg(&answer); err != nil || !bytes.Equal(message, answer) {
				break
			}
			turns++
		}
		_ = stream.CloseSend()
		var rest []byte
		if err = stream.RecvMsg(&rest); err == io.EOF {
			err = nil
		}
		return []any{int(status.Code(err)), turns}
	},
	"deadline": func(p *peer) any {
		before := p.cancelled()
		code := p.unary("Unary", "", 200*time.Millisecond, "x-wait", "1").code
		return []any{code, p.cancelledSince(before)}
	},
	"cancel": func(p *peer) any {
		before := p.cancelled()
		ctx, stop := context.WithCancel(context.Background())
		defer stop()
		stream, err := p.stream(metadata.AppendToOutgoingContext(ctx, "x-wait", "1"), "Chat")
		if err != nil {
			return err.Error()
		}
		message, answer := []byte("one"), []byte{}
		_ = stream.SendMsg(&message)
		_ = stream.RecvMsg(&answer)
		stop()
		err = stream.RecvMsg(&answer)
		return []any{int(status.Code(err)), p.cancelledSince(before)}
	},
	"large": func(p *peer) any {
		r := p.unary("Unary", strings.Repeat("y", 4_000_000), usual, "x-size", "4000000")
		return []any{r.code, len(r.body)}
	},
	"concurrent": func(p *peer) any {
		var right atomic.Int64
		var group sync.WaitGroup
		for index := range 100 {
			group.Add(1)
			go func() {
				defer group.Done()
				body := fmt.Sprintf("call %d", index)
				if p.unary("Unary", body, usual).body == body {
					right.Add(1)
				}
			}()
		}
		group.Wait()
		return right.Load()
	},
	"slow reader": func(p *peer) any {
		others := 0
		code, count, octets, _ := p.drain("100 50000", func() {
			for range 20 {
				if p.unary("Unary", "hello", usual).code == 0 {
					others++
				}
			}
		})
		return []any{code, count, octets, others}
	},
}

func ask() error {
	peers := map[string]*peer{}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var wanted struct{ Target, Authority, Scenario string }
		if err := json.Unmarshal(lines.Bytes(), &wanted); err != nil {
			return err
		}
		key := wanted.Target + " " + wanted.Authority
		if peers[key] == nil {
			made, err := newPeer(wanted.Target, wanted.Authority)
			if err != nil {
				return err
			}
			peers[key] = made
		}
		answer, err := json.Marshal(scenarios[wanted.Scenario](peers[key]))
		if err != nil {
			return err
		}
		fmt.Println(string(answer))
	}
	return lines.Err()
}

func main() {
	run := ask
	if os.Args[1] == "server" {
		run = func() error { return serve(os.Args[2]) }
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
