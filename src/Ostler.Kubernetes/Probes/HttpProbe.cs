using System.Net.Http.Headers;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Ostler.Kubernetes.Connections;

namespace Ostler.Kubernetes.Probes;

/// <summary>What a server answered to a probe.</summary>
/// <param name="Code">The HTTP status.</param>
/// <param name="Phrase">Its words.</param>
/// <param name="Body">The beginning of the body, at most as much as was asked for.</param>
/// <param name="IsCut">Whether the body is longer.</param>
public sealed record HttpProbeAnswer(int Code, string? Phrase, byte[] Body, bool IsCut);

/// <summary>The server could not be asked. The message is the innermost cause, which names it.</summary>
public sealed class HttpProbeException(string message, Exception? cause = null) : Exception(message, cause);

/// <summary>Whom a probe trusts behind https.</summary>
public sealed record HttpProbeTls
{
    /// <summary>PEM certificates of the only authorities that count. Null: those of the system.</summary>
    public string? Authorities { get; init; }

    /// <summary>The name that the certificate must bear. Null: the host of the URI.</summary>
    public string? ServerName { get; init; }

    /// <summary>Any certificate will do.</summary>
    public bool Insecure { get; init; }
}

/// <summary>
/// One request of a health check, on a connection of its own as the kubelet makes its probes: a kept one would outlive the listener that it
/// was made to, and hide that nobody listens any more. The caller's token is the timeout.
/// </summary>
public sealed record HttpProbe(Uri Uri)
{
    public HttpProbeTls Tls { get; init; } = new();

    /// <summary>Sent in the header Authorization.</summary>
    public string? BearerToken { get; init; }

    /// <summary>Further request headers.</summary>
    public IReadOnlyList<KeyValuePair<string, string>> Headers { get; init; } = [];

    /// <summary>Sent as a form, by POST. Null: a GET.</summary>
    public IReadOnlyDictionary<string, string>? Form { get; init; }

    /// <summary>Which addresses it may connect to, redirects included.</summary>
    public OutboundRules Outbound { get; init; } = OutboundRules.Default;

    /// <summary>How many redirects are followed, none of them from https to http.</summary>
    public int MaxRedirects { get; init; } = 5;

    /// <summary>How much of the body is read.</summary>
    public int MaxBytes { get; init; } = 1024;

    /// <exception cref="HttpProbeException">The server could not be asked, or broke off.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public async Task<HttpProbeAnswer> SendAsync(CancellationToken cancellationToken)
    {
        using var authorities = Tls.Authorities is null ? null : new Authorities(Tls.Authorities);
        string? distrust = null;
        using var client = new HttpClient(new SocketsHttpHandler
        {
            AllowAutoRedirect = MaxRedirects > 0,
            MaxAutomaticRedirections = Math.Max(1, MaxRedirects),
            UseProxy = false,
            UseCookies = false,
            ConnectCallback = Outbound.ConnectAsync,
            SslOptions = { RemoteCertificateValidationCallback = (_, certificate, chain, errors) => (distrust = Distrust(authorities, certificate, chain, errors)) is null },
        })
        {
            Timeout = Timeout.InfiniteTimeSpan,
        };
        using var request = new HttpRequestMessage(Form is null ? HttpMethod.Get : HttpMethod.Post, Uri) { Content = Form is null ? null : new FormUrlEncodedContent(Form) };
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue("ostler-health-check", null));
        request.Headers.ConnectionClose = true;
        request.Headers.Authorization = BearerToken is null ? null : new AuthenticationHeaderValue("Bearer", BearerToken);
        foreach (var (name, value) in Headers)
        {
            if (!request.Headers.TryAddWithoutValidation(name, value))
            {
                throw new HttpProbeException($"{name} is not a request header that can be set");
            }
        }

        try
        {
            using var response = await client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellationToken).ConfigureAwait(false);
            var (body, isCut) = await ReadAsync(response.Content, cancellationToken).ConfigureAwait(false);
            return new((int)response.StatusCode, response.ReasonPhrase, body, isCut);
        }
        catch (Exception e) when (e is HttpRequestException or IOException or AuthenticationException)
        {
            throw new HttpProbeException(distrust ?? Innermost(e).Message, e);
        }
    }

    private string? Distrust(Authorities? authorities, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (Tls.Insecure)
        {
            return null;
        }

        if (certificate is not X509Certificate2 presented)
        {
            return "the server presents no certificate";
        }

        // Whom the certificate is for, and who says so, are two questions.
        var isForServer = Tls.ServerName is { } name ? presented.MatchesHostname(name) : (errors & SslPolicyErrors.RemoteCertificateNameMismatch) == 0;
        if (!isForServer)
        {
            return $"the server's certificate is not for {Tls.ServerName ?? Uri.Host} but for {presented.Subject}";
        }

        return authorities is null
            ? (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == 0 ? null
            : $"the certificate for {presented.Subject} is not signed by a trusted authority, has expired, or is not yet valid"
            : CertificateAuthorities.IsSignedBy(authorities.Certificates, presented, chain) ? null
            : $"the certificate for {presented.Subject} is not signed by one of the given authorities, has expired, or is not yet valid";
    }

    private async Task<(byte[] Body, bool IsCut)> ReadAsync(HttpContent content, CancellationToken cancellationToken)
    {
        var stream = await content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false);
        await using var _ = stream.ConfigureAwait(false);
        using var read = new MemoryStream();
        var buffer = new byte[Math.Min(MaxBytes + 1, 16 * 1024)];
        while (read.Length <= MaxBytes)
        {
            var count = await stream.ReadAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (count == 0)
            {
                return (read.ToArray(), false);
            }

            read.Write(buffer, 0, count);
        }

        return (read.ToArray()[..MaxBytes], true);
    }

    private static Exception Innermost(Exception e) => e.InnerException is { } inner ? Innermost(inner) : e;

    private sealed class Authorities : IDisposable
    {
        public Authorities(string pem)
        {
            try
            {
                Certificates.ImportFromPem(pem);
            }
            catch (CryptographicException e)
            {
                throw new HttpProbeException($"the certificates of the authorities cannot be read: {e.Message}", e);
            }

            if (Certificates.Count == 0)
            {
                throw new HttpProbeException("the certificate authorities contain no certificate");
            }
        }

        public X509Certificate2Collection Certificates { get; } = [];

        public void Dispose()
        {
            foreach (var certificate in Certificates)
            {
                certificate.Dispose();
            }
        }
    }
}
