package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"os"
	"strings"
)

// identity reads CERTIFICATE,KEY,AUTHORITY: what mutual TLS needs on either side. Without them there is no TLS.
func identity(files string) (*tls.Config, error) {
	if files == "" {
		return nil, nil
	}
	names := strings.Split(files, ",")
	if len(names) != 3 {
		return nil, errors.New("-tls takes CERTIFICATE,KEY,AUTHORITY")
	}
	certificate, err := tls.LoadX509KeyPair(names[0], names[1])
	if err != nil {
		return nil, err
	}
	authority, err := os.ReadFile(names[2])
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(authority) {
		return nil, errors.New("no authority in " + names[2])
	}
	return &tls.Config{
		Certificates: []tls.Certificate{certificate},
		ClientAuth:   tls.RequireAndVerifyClientCert,
		ClientCAs:    roots,
		NextProtos:   []string{"h2"},
		MinVersion:   tls.VersionTLS13,
		// Certificates name no host. What the clients make of the server's is not what is measured.
		InsecureSkipVerify: true,
	}, nil
}
