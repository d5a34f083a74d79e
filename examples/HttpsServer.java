// An HTTPS server with its key on a token: java HttpsServer.java CONFIGURATION PIN-FILE ALIAS PORT
// CONFIGURATION is what `hsmcert bind java --write CONFIGURATION` writes; ALIAS is the label of key and certificate.

import com.sun.net.httpserver.HttpsConfigurator;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.Security;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;

class HttpsServer {
    public static void main(String[] arguments) throws Exception {
        var provider = Security.getProvider("SunPKCS11").configure(arguments[0]);
        // Signatures with the key are looked up among all providers.
        Security.addProvider(provider);
        var store = KeyStore.getInstance("PKCS11", provider);
        store.load(null, Files.readString(Path.of(arguments[1])).strip().toCharArray());
        if (!store.isKeyEntry(arguments[2])) {
            throw new IllegalStateException("no key entry " + arguments[2]);
        }
        var keys = KeyManagerFactory.getInstance("PKIX");
        keys.init(store, null);
        var context = SSLContext.getInstance("TLS");
        context.init(keys.getKeyManagers(), null, null);

        var address = new InetSocketAddress(InetAddress.getLoopbackAddress(), Integer.parseInt(arguments[3]));
        var server = com.sun.net.httpserver.HttpsServer.create(address, 0);
        server.setHttpsConfigurator(new HttpsConfigurator(context));
        server.createContext("/", exchange -> {
            var page = "the key is on the token\n".getBytes();
            exchange.sendResponseHeaders(200, page.length);
            exchange.getResponseBody().write(page);
            exchange.close();
        });
        server.start();
    }
}
