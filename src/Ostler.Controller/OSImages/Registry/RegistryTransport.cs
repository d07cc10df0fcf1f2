using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Ostler.Api.Meta;
using Ostler.Kubernetes.Connections;

namespace Ostler.Controller.OSImages.Registry;

/// <summary>Connections to registries.</summary>
internal static class RegistryTransport
{
    /// <summary>
    /// A client that follows no redirect by itself: whom the credentials go to is decided for each. Proxies of the environment are used, as
    /// the hosts do.
    /// </summary>
    /// <param name="outbound">Which addresses it may connect to.</param>
    /// <param name="authorities">Whom to trust beside the system's authorities; null: nobody. They must live as long as the client.</param>
    public static HttpClient Create(OutboundRules outbound, X509Certificate2Collection? authorities)
    {
        var handler = new SocketsHttpHandler
        {
            ConnectCallback = outbound.ConnectAsync,
            Proxy = outbound.Guard(HttpClient.DefaultProxy),
            AllowAutoRedirect = false,
            UseCookies = false,
            ConnectTimeout = TimeSpan.FromSeconds(10),
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
            AutomaticDecompression = DecompressionMethods.All,
            MaxResponseHeadersLength = 64,
        };
        if (authorities is not null)
        {
            handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, chain, errors) => IsTrusted(authorities, certificate, chain, errors);
        }

        // The pipeline's own timeouts end a call; this one would not say which attempt it was.
        var client = new HttpClient(handler) { Timeout = Timeout.InfiniteTimeSpan };
        client.DefaultRequestHeaders.UserAgent.Add(new("ostler-controller", null));
        return client;
    }

    /// <exception cref="RegistryException">There is no certificate in it.</exception>
    public static X509Certificate2Collection ReadAuthorities(string pem, string from)
    {
        var read = new X509Certificate2Collection();
        try
        {
            read.ImportFromPem(pem);
        }
        catch (CryptographicException e)
        {
            throw new RegistryException(Reasons.Invalid, $"{from} has no readable certificates: {e.Message}");
        }

        return read.Count > 0 ? read : throw new RegistryException(Reasons.Invalid, $"{from} has no certificate in PEM.");
    }

    // A certificate for another name is refused whoever signed it.
    private static bool IsTrusted(X509Certificate2Collection authorities, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        errors == SslPolicyErrors.None
        || (errors == SslPolicyErrors.RemoteCertificateChainErrors
            && certificate is X509Certificate2 presented
            && CertificateAuthorities.IsSignedBy(authorities, presented, chain));
}
