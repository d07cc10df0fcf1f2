using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using Ostler.Testing.ControlPlane;

namespace Ostler.Testing.Scripted;

/// <summary>
/// TLS before a server on loopback, with a certificate for 127.0.0.1 and localhost that an authority of its own has signed: nobody trusts
/// it who was not told of it.
/// </summary>
public sealed class TlsFront : IAsyncDisposable
{
    private readonly CertificateAuthority _authority = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly X509Certificate2 _certificate;
    private readonly Uri _behind;
    private readonly Task _accepting;

    public TlsFront(ScriptedServer behind)
        : this(behind.Address)
    {
    }

    public TlsFront(Uri behind)
    {
        _behind = behind;
        var pair = _authority.IssueServer("scripted", IPAddress.Loopback);
        _certificate = X509Certificate2.CreateFromPem(pair.Certificate, pair.Key);
        _listener.Start();
        Address = new Uri($"https://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
        _accepting = AcceptAsync();
    }

    public Uri Address { get; }

    /// <summary>The authority's certificate, in PEM.</summary>
    public string Authority => _authority.CertificatePem;

    /// <summary>An authority that has signed nothing here.</summary>
    public static string AnotherAuthority()
    {
        using var other = new CertificateAuthority();
        return other.CertificatePem;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync().ConfigureAwait(false);
        _listener.Stop();
        await _accepting.ConfigureAwait(false);
        _certificate.Dispose();
        _authority.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        var serving = new List<Task>();
        try
        {
            while (true)
            {
                serving.Add(ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token).ConfigureAwait(false)));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
        }

        await Task.WhenAll(serving).ConfigureAwait(false);
    }

    private async Task ServeAsync(TcpClient client)
    {
        try
        {
            using var _ = client;
            using var secure = new SslStream(client.GetStream());
            await secure.AuthenticateAsServerAsync(new SslServerAuthenticationOptions { ServerCertificate = _certificate }, _stop.Token).ConfigureAwait(false);
            using var behind = new TcpClient();
            await behind.ConnectAsync(IPAddress.Loopback, _behind.Port, _stop.Token).ConfigureAwait(false);
            var plain = behind.GetStream();
            await Task.WhenAny(secure.CopyToAsync(plain, _stop.Token), plain.CopyToAsync(secure, _stop.Token)).ConfigureAwait(false);
        }
        catch (Exception e) when (e is AuthenticationException or IOException or SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The client does not trust us, or is gone: that is what such a test is about.
        }
    }
}
