package main

import (
	"bufio"
	"errors"
	"os"

	"google.golang.org/protobuf/encoding/protodelim"
	"google.golang.org/protobuf/proto"
)

// canonical writes a fixture as Go encodes the resources, whose order of fields is not that of other libraries: so that
// servers which keep messages send the same bytes as servers which keep bytes.
func canonical(arguments []string) error {
	if len(arguments) != 2 {
		return errors.New("canonical FROM TO")
	}
	resources, err := readFixture(arguments[0])
	if err != nil {
		return err
	}
	file, err := os.Create(arguments[1])
	if err != nil {
		return err
	}
	writer := bufio.NewWriterSize(file, 1<<20)
	for _, resource := range resources {
		message, err := resource.GetResource().UnmarshalNew()
		if err != nil {
			return err
		}
		resource.Resource.Value, err = proto.MarshalOptions{Deterministic: true}.Marshal(message)
		if err != nil {
			return err
		}
		if _, err := protodelim.MarshalTo(writer, resource); err != nil {
			return err
		}
	}
	return errors.Join(writer.Flush(), file.Close())
}
