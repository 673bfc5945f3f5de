// A TLS peer. Told: accept or dial, port, TLS version, roots, its chain (-: none), its key, CRLs (not read: crypto/tls
// reads none by itself), the name to dial, strict or lax. Lax verifies no one. Sends what stdin says when it dials.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"time"
)

func main() {
	told := os.Args[1:]
	config := configOf(told)
	if told[0] == "dial" {
		dial(told[1], config)
		return
	}
	listener, err := net.Listen("tcp", "127.0.0.1:"+told[1])
	fatal(err)
	for {
		connection, err := listener.Accept()
		fatal(err)
		go answer(tls.Server(connection, config))
	}
}

func configOf(told []string) *tls.Config {
	version := uint16(tls.VersionTLS12)
	if told[2] == "1.3" {
		version = tls.VersionTLS13
	}
	pem, err := os.ReadFile(told[3])
	fatal(err)
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(pem)
	config := &tls.Config{
		MinVersion: version, MaxVersion: version, RootCAs: roots, ClientCAs: roots,
		ServerName: told[7], ClientAuth: tls.RequireAndVerifyClientCert,
	}
	if told[8] == "lax" {
		config.ClientAuth = tls.RequireAnyClientCert
		config.InsecureSkipVerify = true
	}
	if told[4] != "-" {
		pair, err := tls.LoadX509KeyPair(told[4], told[5])
		fatal(err)
		config.Certificates = []tls.Certificate{pair}
	}
	return config
}

func dial(port string, config *tls.Config) {
	connection, err := tls.Dial("tcp", "127.0.0.1:"+port, config)
	fatal(err)
	go io.Copy(connection, os.Stdin)
	connection.SetReadDeadline(time.Now().Add(2 * time.Second))
	_, err = io.Copy(io.Discard, connection)
	fatal(err)
}

// Answers each request with 200 and the header fields that RFC 3261 §8.2.6.2 wants.
func answer(connection *tls.Conn) {
	defer connection.Close()
	reader := bufio.NewReader(connection)
	copied := ""
	for {
		line, err := reader.ReadString('\n')
		if err != nil {
			if err != io.EOF {
				fmt.Println(err)
			}
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

func fatal(err error) {
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}
