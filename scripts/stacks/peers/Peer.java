import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.X509CertSelector;
import javax.net.ssl.CertPathTrustManagerParameters;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManagerFactory;

/**
 * A strict TLS peer. Told: accept or dial, port, TLS version, roots, its PKCS #12 file (-: none), its key (not read),
 * CRLs (-: none), the name to dial. Answers each request with 200; sends what stdin says when it dials.
 */
public class Peer {
  private static final char[] PASSWORD = "foreign".toCharArray();

  public static void main(String[] told) throws Exception {
    int port = Integer.parseInt(told[1]);
    String[] versions = {"TLSv" + told[2]};
    SSLContext context = SSLContext.getInstance("TLS");
    context.init(own(told[4]), judges(told[3], told[6]).getTrustManagers(), null);
    if (told[0].equals("accept")) accept(context, port, versions);
    else dial(context, port, versions, told[7]);
  }

  private static KeyManager[] own(String file) throws Exception {
    if (file.equals("-")) return null;
    KeyStore store = KeyStore.getInstance("PKCS12");
    try (InputStream in = Files.newInputStream(Path.of(file))) {
      store.load(in, PASSWORD);
    }
    KeyManagerFactory keys = KeyManagerFactory.getInstance("SunX509");
    keys.init(store, PASSWORD);
    return keys.getKeyManagers();
  }

  private static TrustManagerFactory judges(String roots, String crls) throws Exception {
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    KeyStore trust = KeyStore.getInstance("PKCS12");
    trust.load(null, null);
    int count = 0;
    for (Certificate root : factory.generateCertificates(Files.newInputStream(Path.of(roots))))
      trust.setCertificateEntry("root" + count++, root);
    PKIXBuilderParameters parameters = new PKIXBuilderParameters(trust, new X509CertSelector());
    parameters.setRevocationEnabled(!crls.equals("-"));
    if (!crls.equals("-"))
      parameters.addCertStore(
          CertStore.getInstance(
              "Collection",
              new CollectionCertStoreParameters(factory.generateCRLs(Files.newInputStream(Path.of(crls))))));
    TrustManagerFactory judges = TrustManagerFactory.getInstance("PKIX");
    judges.init(new CertPathTrustManagerParameters(parameters));
    return judges;
  }

  private static void accept(SSLContext context, int port, String[] versions) throws IOException {
    SSLServerSocket server =
        (SSLServerSocket)
            context.getServerSocketFactory().createServerSocket(port, 50, InetAddress.getByName("127.0.0.1"));
    server.setNeedClientAuth(true);
    server.setEnabledProtocols(versions);
    while (true) {
      SSLSocket socket = (SSLSocket) server.accept();
      new Thread(() -> answer(socket)).start();
    }
  }

  private static void dial(SSLContext context, int port, String[] versions, String name) throws IOException {
    SSLSocket socket =
        (SSLSocket) context.getSocketFactory().createSocket(new Socket("127.0.0.1", port), name, port, true);
    socket.setEnabledProtocols(versions);
    SSLParameters wanted = socket.getSSLParameters();
    wanted.setEndpointIdentificationAlgorithm("HTTPS");
    socket.setSSLParameters(wanted);
    socket.setSoTimeout(2000);
    try {
      byte[] request = new byte[4096];
      socket.startHandshake();
      socket.getOutputStream().write(request, 0, Math.max(System.in.read(request), 0));
    } catch (IOException error) {
      System.out.println(error);
    }
    drain(socket);
  }

  /** Answers each request with 200. */
  private static void answer(SSLSocket socket) {
    byte[] octets = new byte[65536];
    try (socket) {
      for (int count; (count = socket.getInputStream().read(octets)) >= 0; ) {
        StringBuilder text = new StringBuilder("SIP/2.0 200 OK\r\n");
        for (String line : new String(octets, 0, count, StandardCharsets.ISO_8859_1).split("\r\n"))
          if (line.matches("(?i)(via|from|to|call-id|cseq):.*")) text.append(line).append("\r\n");
        text.append("Server: java\r\nContent-Length: 0\r\n\r\n");
        socket.getOutputStream().write(text.toString().getBytes(StandardCharsets.ISO_8859_1));
      }
    } catch (IOException error) {
      System.out.println(error);
    }
  }

  private static void drain(SSLSocket socket) {
    try (socket) {
      InputStream in = socket.getInputStream();
      while (in.read() >= 0) {}
    } catch (IOException error) {
      System.out.println(error);
    }
  }
}
