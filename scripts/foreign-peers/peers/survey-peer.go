// A SIP answerer over TLS. Told: port, roots, chain, key, hardened (yes, no). Hardened verifies its client.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"strings"
)

func main() {
	pair, err := tls.LoadX509KeyPair(os.Args[3], os.Args[4])
	if err != nil {
		panic(err)
	}
	pem, err := os.ReadFile(os.Args[2])
	if err != nil {
		panic(err)
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	demand := tls.RequireAnyClientCert
	if os.Args[5] == "yes" {
		demand = tls.RequireAndVerifyClientCert
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}, ClientCAs: roots, ClientAuth: demand}
	listener, err := tls.Listen("tcp", "127.0.0.1:"+os.Args[1], config)
	if err != nil {
		panic(err)
	}
	for {
		connection, err := listener.Accept()
		if err != nil {
			panic(err)
		}
		go answer(connection)
	}
}

// Answers each request with 200 and the header fields that RFC 3261 §8.2.6.2 wants.
func answer(connection net.Conn) {
	defer connection.Close()
	reader := bufio.NewReader(connection)
	copied := ""
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			return
		}
		name := strings.ToLower(strings.SplitN(line, ":", 2)[0])
		switch {
		case line == "\r\n" && copied != "":
			connection.Write([]byte("SIP/2.0 200 OK\r\n" + copied + "Server: go\r\nContent-Length: 0\r\n\r\n"))
			copied = ""
		case name == "to":
			copied += strings.TrimRight(line, "\r\n") + ";tag=go\r\n"
		case name == "via" || name == "from" || name == "call-id" || name == "cseq":
			copied += line
		}
	}
}
