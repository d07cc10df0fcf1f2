using System.Net;
using Ostler.Controller.Console.Access;

namespace Ostler.Controller.Console;

/// <summary>Where the console is served, and to whom.</summary>
internal sealed record ConsoleSettings
{
    /// <summary>Where it listens. Default: 127.0.0.1:8082, which <c>kubectl port-forward</c> reaches and the network does not.</summary>
    public IPEndPoint Address { get; init; } = new(IPAddress.Loopback, 8082);

    /// <summary>
    /// Whether visitors must show a token of the cluster. Always so where the address is not loopback. Default there: no.
    /// </summary>
    public bool Tokens { get; init; }

    /// <summary>Whatever <see cref="Tokens"/> says: nobody gets in from the network without one.</summary>
    public bool AsksForTokens => Tokens || !IPAddress.IsLoopback(Address.Address);

    /// <summary>Further names that it may be asked under. Default: those of loopback; with tokens, any name.</summary>
    public IReadOnlyList<string> Hosts { get; init; } = [];

    /// <summary>How the page names the cluster. Default: the name of the cluster in the kubeconfig; in a pod there is none to be
    /// had.</summary>
    public string? ClusterName { get; init; }

    /// <summary>A PEM file with the certificate and its chain, for TLS. Read anew when it changes. Default: plain HTTP.</summary>
    public string? CertificateFile { get; init; }

    /// <summary>The PEM file of its key.</summary>
    public string? KeyFile { get; init; }

    /// <summary>How many pages may be open at once; the next one is asked to come back. Default: 32.</summary>
    public int MaxViewers { get; init; } = 32;

    /// <summary>
    /// How often a quiet stream says that it is alive, and how often its viewer's rights are looked at again. Default: 15 s.
    /// </summary>
    public TimeSpan Beat { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>The names that a request may come under; empty: any.</summary>
    public IReadOnlyList<string> AllowedHosts => Hosts.Count > 0 ? [.. Hosts, .. RequestGuard.LoopbackNames] : AsksForTokens ? [] : RequestGuard.LoopbackNames;
}
