/**
 * Strict peers in three languages. Each is told: accept or dial, port, TLS version, roots, its chain (`-`: none), its
 * key, CRLs (`-`: none), the name to dial. Java takes a PKCS #12 file in place of the chain.
 */

export const nodeSource = `
const [role, port, version, trust, chain, key, crl, name] = process.argv.slice(2)
const tls = require('node:tls'), fs = require('node:fs'), read = (file) => (file === '-' ? undefined : fs.readFileSync(file))
const both = { ca: read(trust), cert: read(chain), key: read(key), minVersion: 'TLSv' + version, maxVersion: 'TLSv' + version,
  crl: crl === '-' ? undefined : String(read(crl)).split(/(?=-----BEGIN)/) }
if (role === 'accept') {
  const server = tls.createServer({ ...both, requestCert: true, rejectUnauthorized: true }, (socket) => {
    socket.on('error', (error) => console.log(error.message))
    socket.on('data', () => undefined)
  })
  server.on('tlsClientError', (error) => console.log(error.message))
  server.listen(Number(port), '127.0.0.1')
} else {
  const socket = tls.connect({ ...both, host: '127.0.0.1', port: Number(port), servername: name })
  socket.write('OPTIONS sip:' + name + ' SIP/2.0\\r\\n')
  socket.on('data', () => undefined)
  socket.on('error', (error) => console.log(error.code, error.message))
  socket.on('close', () => process.exit())
}
`

export const pythonSource = `
import socket, ssl, sys, threading
role, port, version, trust, chain, key, crl, name = sys.argv[1:]
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER if role == 'accept' else ssl.PROTOCOL_TLS_CLIENT)
context.minimum_version = context.maximum_version = getattr(ssl.TLSVersion, 'TLSv' + version.replace('.', '_'))
context.load_verify_locations(trust)
context.verify_mode = ssl.CERT_REQUIRED
if chain != '-': context.load_cert_chain(chain, key)
if crl != '-':
    context.load_verify_locations(crl)
    context.verify_flags |= ssl.VERIFY_CRL_CHECK_LEAF
def serve(raw):
    try:
        with context.wrap_socket(raw, server_side=True) as secure:
            while secure.recv(4096): pass
    except OSError as error: print(error, flush=True)
if role == 'accept':
    listener = socket.create_server(('127.0.0.1', int(port)))
    while True:
        raw, _ = listener.accept()
        threading.Thread(target=serve, args=(raw,), daemon=True).start()
try:
    with context.wrap_socket(socket.create_connection(('127.0.0.1', int(port))), server_hostname=name) as secure:
        secure.sendall(('OPTIONS sip:%s SIP/2.0\\r\\n' % name).encode())
        secure.settimeout(2)
        while secure.recv(4096): pass
except OSError as error: print(error, flush=True)
`

export const javaSource = `
import java.io.*; import java.nio.file.*; import java.security.*; import java.security.cert.*; import java.util.*;
import javax.net.ssl.*;
public class Peer {
  public static void main(String[] a) throws Exception {
    String version = "TLSv" + a[2]; char[] password = "foreign".toCharArray();
    KeyStore trust = KeyStore.getInstance("PKCS12"); trust.load(null, null); int n = 0;
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    for (java.security.cert.Certificate one : factory.generateCertificates(Files.newInputStream(Path.of(a[3]))))
      trust.setCertificateEntry("ca" + n++, one);
    PKIXBuilderParameters parameters = new PKIXBuilderParameters(trust, new X509CertSelector());
    parameters.setRevocationEnabled(!a[6].equals("-"));
    if (!a[6].equals("-")) parameters.addCertStore(CertStore.getInstance("Collection",
      new CollectionCertStoreParameters(factory.generateCRLs(Files.newInputStream(Path.of(a[6]))))));
    TrustManagerFactory judges = TrustManagerFactory.getInstance("PKIX"); judges.init(new CertPathTrustManagerParameters(parameters));
    KeyManager[] own = null;
    if (!a[4].equals("-")) {
      KeyStore store = KeyStore.getInstance("PKCS12"); store.load(Files.newInputStream(Path.of(a[4])), password);
      KeyManagerFactory keys = KeyManagerFactory.getInstance("SunX509"); keys.init(store, password); own = keys.getKeyManagers();
    }
    SSLContext context = SSLContext.getInstance("TLS"); context.init(own, judges.getTrustManagers(), null);
    if (a[0].equals("accept")) {
      SSLServerSocket server = (SSLServerSocket) context.getServerSocketFactory()
        .createServerSocket(Integer.parseInt(a[1]), 50, java.net.InetAddress.getByName("127.0.0.1"));
      server.setNeedClientAuth(true); server.setEnabledProtocols(new String[] {version});
      while (true) { SSLSocket socket = (SSLSocket) server.accept(); new Thread(() -> drain(socket)).start(); }
    }
    SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(
      new java.net.Socket("127.0.0.1", Integer.parseInt(a[1])), a[7], Integer.parseInt(a[1]), true);
    socket.setEnabledProtocols(new String[] {version});
    SSLParameters wanted = socket.getSSLParameters(); wanted.setEndpointIdentificationAlgorithm("HTTPS");
    socket.setSSLParameters(wanted); socket.setSoTimeout(2000);
    try { socket.getOutputStream().write(("OPTIONS sip:" + a[7] + " SIP/2.0\\r\\n").getBytes()); } catch (IOException e) { System.out.println(e); }
    drain(socket);
  }
  static void drain(SSLSocket socket) {
    try { InputStream in = socket.getInputStream(); while (in.read() >= 0) { } } catch (IOException e) { System.out.println(e); }
    try { socket.close(); } catch (IOException e) { System.out.println(e); }
  }
}
`
