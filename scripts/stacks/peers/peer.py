"""A strict TLS peer. Told: accept or dial, port, TLS version, roots, its chain (-: none), its key, CRLs (-: none), the
name to dial, and its stance: strict, or the setting that it leaves out or adds. Answers each request with 200; sends
what stdin says when it dials."""
import re
import socket
import ssl
import sys
import threading

role, port, version, trust, chain, key, crl, name, stance = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if role == "accept" else ssl.PROTOCOL_TLS_CLIENT)
context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, "TLSv" + version.replace(".", "_"))
context.load_verify_locations(trust)
if stance == "without server-name":
    context.check_hostname = False
if stance == "without chain":
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
elif stance == "without demand":
    context.verify_mode = ssl.CERT_OPTIONAL
else:
    context.verify_mode = ssl.CERT_REQUIRED
if stance == "without strength":
    context.set_ciphers("DEFAULT@SECLEVEL=0")
if chain != "-":
    context.load_cert_chain(chain, key)
if crl != "-" and stance != "without revocation":
    context.load_verify_locations(crl)
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_CHAIN


def serve(raw):
    try:
        with context.wrap_socket(raw, server_side=True) as secure:
            names = [value for _, value in (secure.getpeercert() or {}).get("subjectAltName", ())]
            if stance == "with client-name" and "client.survey.invalid" not in names:
                raise OSError("the name of the client is on no list")
            while request := secure.recv(65536):
                copied = b"".join(re.findall(rb"(?im)^(?:via|from|to|call-id|cseq):.*\n", request))
                secure.sendall(b"SIP/2.0 200 OK\r\n" + copied + b"Server: python\r\nContent-Length: 0\r\n\r\n")
    except OSError as error:
        print(error, flush=True)


if role == "accept":
    listener = socket.create_server(("127.0.0.1", int(port)))
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=serve, args=(connection,), daemon=True).start()
try:
    with context.wrap_socket(socket.create_connection(("127.0.0.1", int(port))), server_hostname=name) as secure:
        secure.sendall(sys.stdin.buffer.read1())
        secure.settimeout(2)
        while secure.recv(4096):
            pass
except OSError as error:
    print(error, flush=True)
