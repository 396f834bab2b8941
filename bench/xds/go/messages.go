package main

import (
	"hash/crc32"

	"google.golang.org/protobuf/encoding/protowire"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// response is what a client has to know of a DeltaDiscoveryResponse.
type response struct {
	typeUrl string
	nonce   []byte
	// Bodies and checksums are summed up, so that order and batches make no difference.
	resources int
	octets    int64
	checksum  uint64
	removed   int
}

func (r *response) addResource(name []byte, body []byte) {
	r.resources++
	r.octets += int64(len(body))
	r.checksum += checksumOf(name, body)
}

func checksumOf(name []byte, body []byte) uint64 {
	return uint64(crc32.Update(crc32.Checksum(name, castagnoli), castagnoli, body))
}

func parseResponse(message []byte) (response, error) {
	var found response
	err := eachField(message, func(number protowire.Number, value []byte) error {
		switch number {
		case 2:
			return parseResource(value, &found)
		case 4:
			found.typeUrl = internType(value)
		case 5:
			found.nonce = value
		case 6:
			found.removed++
		}
		return nil
	})
	return found, err
}

func parseResource(message []byte, into *response) error {
	var name, body []byte
	err := eachField(message, func(number protowire.Number, value []byte) error {
		switch number {
		case 3:
			name = value
		case 2:
			return eachField(value, func(number protowire.Number, value []byte) error {
				if number == 2 {
					body = value
				}
				return nil
			})
		}
		return nil
	})
	into.addResource(name, body)
	return err
}

func internType(value []byte) string {
	for _, typeUrl := range typeUrls {
		if string(value) == typeUrl {
			return typeUrl
		}
	}
	return string(value)
}

func eachField(message []byte, visit func(protowire.Number, []byte) error) error {
	for len(message) > 0 {
		number, wire, tag := protowire.ConsumeTag(message)
		if tag < 0 {
			return protowire.ParseError(tag)
		}
		if wire != protowire.BytesType {
			skipped := protowire.ConsumeFieldValue(number, wire, message[tag:])
			if skipped < 0 {
				return protowire.ParseError(skipped)
			}
			message = message[tag+skipped:]
			continue
		}
		value, length := protowire.ConsumeBytes(message[tag:])
		if length < 0 {
			return protowire.ParseError(length)
		}
		if err := visit(number, value); err != nil {
			return err
		}
		message = message[tag+length:]
	}
	return nil
}

// subscription is the first request for a type; no names ask for everything.
func subscription(node string, typeUrl string, names []string) []byte {
	var request []byte
	if node != "" {
		request = appendField(request, 1, appendField(nil, 1, []byte(node)))
	}
	request = appendField(request, 2, []byte(typeUrl))
	for _, name := range names {
		request = appendField(request, 3, []byte(name))
	}
	return request
}

func acknowledgement(typeUrl string, nonce []byte) []byte {
	return appendField(appendField(nil, 2, []byte(typeUrl)), 6, nonce)
}

func appendField(to []byte, number protowire.Number, value []byte) []byte {
	return protowire.AppendBytes(protowire.AppendTag(to, number, protowire.BytesType), value)
}
