package main

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"encoding/binary"
	"fmt"
	"net"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

const (
	window     = 1 << 28
	methodPath = "/envoy.service.discovery.v3.AggregatedDiscoveryService/DeltaAggregatedResources"
)

// connection is one gRPC call over an HTTP/2 connection of its own, with no more than that takes: messages come whole and as
// bytes, and each batch of frames is written at once.
type connection struct {
	socket  net.Conn
	framer  *http2.Framer
	out     bytes.Buffer
	message []byte
	// What the server's windows do not let through yet.
	unsent []byte
	// How much the server takes: on the stream, and on the connection.
	streamWindow, connectionWindow int
	// What the server's settings say of the window that a stream begins with.
	initialWindow int
	// Octets that came since the windows were opened again.
	taken int
	// Octets that came in all.
	received int64
}

func dial(address string, secure *tls.Config) (*connection, error) {
	socket, err := net.Dial("tcp", address)
	if err != nil {
		return nil, err
	}
	scheme := "http"
	if secure != nil {
		socket, scheme = tls.Client(socket, secure), "https"
	}
	const first = 65_535
	c := &connection{socket: socket, streamWindow: first, connectionWindow: first, initialWindow: first}
	c.framer = http2.NewFramer(&c.out, bufio.NewReaderSize(countingReader{c}, 1<<14))
	c.framer.SetReuseFrames()
	c.out.WriteString(http2.ClientPreface)
	var head bytes.Buffer
	encoder := hpack.NewEncoder(&head)
	for _, field := range [][2]string{
		{":method", "POST"}, {":scheme", scheme}, {":path", methodPath}, {":authority", "localhost"},
		{"content-type", "application/grpc"}, {"te", "trailers"},
	} {
		if err := encoder.WriteField(hpack.HeaderField{Name: field[0], Value: field[1]}); err != nil {
			return nil, err
		}
	}
	c.framer.WriteSettings(http2.Setting{ID: http2.SettingInitialWindowSize, Val: window})
	c.framer.WriteWindowUpdate(0, window-65_535)
	c.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: 1, BlockFragment: head.Bytes(), EndHeaders: true})
	return c, c.flush()
}

type countingReader struct{ c *connection }

func (r countingReader) Read(into []byte) (int, error) {
	n, err := r.c.socket.Read(into)
	r.c.received += int64(n)
	return n, err
}

// send queues a message; flush writes what is queued and may travel.
func (c *connection) send(message []byte) {
	c.unsent = binary.BigEndian.AppendUint32(append(c.unsent, 0), uint32(len(message)))
	c.unsent = append(c.unsent, message...)
	c.pass()
}

// pass frames what the windows let through.
func (c *connection) pass() {
	const mostInFrame = 16_384
	for {
		octets := min(len(c.unsent), mostInFrame, c.streamWindow, c.connectionWindow)
		if octets <= 0 {
			break
		}
		c.framer.WriteData(1, false, c.unsent[:octets])
		c.unsent = c.unsent[octets:]
		c.streamWindow -= octets
		c.connectionWindow -= octets
	}
	if len(c.unsent) == 0 {
		c.unsent = c.unsent[:0]
	}
}

func (c *connection) flush() error {
	if c.out.Len() == 0 {
		return nil
	}
	_, err := c.socket.Write(c.out.Bytes())
	c.out.Reset()
	return err
}

// receive returns the next message, which is valid until the next call.
func (c *connection) receive() ([]byte, error) {
	if size, whole := c.frame(); whole {
		rest := copy(c.message, c.message[size:])
		c.message = c.message[:rest]
		if rest == 0 && cap(c.message) > 1<<16 {
			c.message = nil
		}
	}
	for {
		if size, whole := c.frame(); whole {
			return c.message[5:size], nil
		}
		if err := c.readFrame(); err != nil {
			return nil, err
		}
	}
}

// frame tells how long the first message is with its prefix, and whether it is there.
func (c *connection) frame() (int, bool) {
	if len(c.message) < 5 {
		return 0, false
	}
	size := 5 + int(binary.BigEndian.Uint32(c.message[1:5]))
	return size, len(c.message) >= size
}

func (c *connection) readFrame() error {
	frame, err := c.framer.ReadFrame()
	if err != nil {
		return err
	}
	switch frame := frame.(type) {
	case *http2.DataFrame:
		c.message = append(c.message, frame.Data()...)
		c.taken += int(frame.Length)
		if c.taken > window/2 {
			c.framer.WriteWindowUpdate(0, uint32(c.taken))
			c.framer.WriteWindowUpdate(1, uint32(c.taken))
			c.taken = 0
		}
	case *http2.SettingsFrame:
		if !frame.IsAck() {
			if size, there := frame.Value(http2.SettingInitialWindowSize); there {
				c.streamWindow += int(size) - c.initialWindow
				c.initialWindow = int(size)
			}
			c.framer.WriteSettingsAck()
			c.pass()
			return c.flush()
		}
	case *http2.WindowUpdateFrame:
		if frame.StreamID == 0 {
			c.connectionWindow += int(frame.Increment)
		} else {
			c.streamWindow += int(frame.Increment)
		}
		c.pass()
		return c.flush()
	case *http2.PingFrame:
		if !frame.IsAck() {
			c.framer.WritePing(true, frame.Data)
			return c.flush()
		}
	case *http2.HeadersFrame:
		if frame.StreamEnded() {
			return fmt.Errorf("the server ended the stream")
		}
	case *http2.RSTStreamFrame:
		return fmt.Errorf("the server reset the stream: %v", frame.ErrCode)
	case *http2.GoAwayFrame:
		return fmt.Errorf("the server goes away: %v %s", frame.ErrCode, frame.DebugData())
	}
	return nil
}
