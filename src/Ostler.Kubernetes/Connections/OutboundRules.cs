using System.Net;
using System.Net.Sockets;

namespace Ostler.Kubernetes.Connections;

/// <summary>
/// Which addresses a request may go to whose target somebody else chose: the author of a policy, a registry by a redirect, or a DNS server.
/// Link-local addresses and
/// those of cloud metadata services are refused, as their answers are credentials of the node; an installation may allow some.
/// </summary>
/// <remarks>
/// What counts is the address that is connected to, right before it is: a name is resolved once, here, and every redirect is a connection
/// of its own. So neither
/// a name that points there nor one that changes its mind between a check and its use gets past.
/// </remarks>
public sealed class OutboundRules
{
    /// <summary>
    /// Link-local, and the metadata services outside of it: Alibaba Cloud, Azure (WireServer), Oracle, and over IPv6 AWS and Google Cloud.
    /// </summary>
    private static readonly IPNetwork[] Refused =
    [
        IPNetwork.Parse("169.254.0.0/16"), IPNetwork.Parse("fe80::/10"), IPNetwork.Parse("100.100.100.200/32"), IPNetwork.Parse("168.63.129.16/32"),
        IPNetwork.Parse("192.0.0.192/32"), IPNetwork.Parse("fd00:ec2::254/128"), IPNetwork.Parse("fd20:ce::254/128"),
    ];

    /// <summary>
    /// Where an IPv4 address stands in an IPv6 one: NAT64 (RFC 6052), mapped, translated and compatible (RFC 4291, 6145), 6to4 (RFC 3056).
    /// </summary>
    private static readonly (IPNetwork Prefix, int At)[] Embedded =
    [
        (IPNetwork.Parse("64:ff9b::/96"), 12), (IPNetwork.Parse("64:ff9b:1::/48"), 12), (IPNetwork.Parse("::ffff:0:0/96"), 12), (IPNetwork.Parse("::ffff:0:0:0/96"), 12),
        (IPNetwork.Parse("::/96"), 12), (IPNetwork.Parse("2002::/16"), 2),
    ];

    private readonly IReadOnlyList<IPNetwork> _allowed;
    private readonly Func<IPAddress, bool> _isRefused;

    /// <param name="allowed">Networks that are allowed all the same.</param>
    public OutboundRules(IReadOnlyList<IPNetwork> allowed)
        : this(allowed, static a => Refused.Any(n => n.Contains(a)))
    {
    }

    /// <summary>For tests, which have no name that resolves to a link-local address.</summary>
    internal OutboundRules(IReadOnlyList<IPNetwork> allowed, Func<IPAddress, bool> isRefused) => (_allowed, _isRefused) = (allowed, isRefused);

    /// <summary>Nothing that is refused is allowed.</summary>
    public static OutboundRules Default { get; } = new([]);

    /// <summary>Reads the allowed networks: <c>169.254.20.10/32,fe80::/10</c>, or single addresses.</summary>
    /// <returns>Null when one of them cannot be understood.</returns>
    public static OutboundRules? Parse(string text)
    {
        var networks = new List<IPNetwork>();
        foreach (var part in text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            if (IPNetwork.TryParse(part, out var network))
            {
                networks.Add(network);
            }
            else if (IPAddress.TryParse(part, out var address))
            {
                networks.Add(new(address, address.AddressFamily == AddressFamily.InterNetwork ? 32 : 128));
            }
            else
            {
                return null;
            }
        }

        return new(networks);
    }

    /// <summary>Whether nothing may connect to this address.</summary>
    public bool Refuses(IPAddress address)
    {
        // Without the scope (fe80::1%eth0), which a network would not compare.
        var plain = address.AddressFamily == AddressFamily.InterNetworkV6 ? new IPAddress(address.GetAddressBytes()) : address;
        return !IsAllowed(plain) && Forms(plain).Any(form => _isRefused(form) && !IsAllowed(form));

        bool IsAllowed(IPAddress form) => _allowed.Any(n => n.Contains(form));
    }

    /// <summary>Opens a connection, for <see cref="SocketsHttpHandler.ConnectCallback"/>.</summary>
    /// <exception cref="AddressRefusedException">The host has no address that is allowed.</exception>
    public async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var found = IPAddress.TryParse(host, out var literal) ? [literal] : await Dns.GetHostAddressesAsync(host, cancellationToken).ConfigureAwait(false);
        var allowed = found.Where(a => !Refuses(a)).ToArray();
        if (allowed.Length == 0 && found.Length > 0)
        {
            throw new AddressRefusedException(host, found[0]);
        }

        return await OpenAsync(allowed, host, port, cancellationToken).ConfigureAwait(false);
    }

    /// <summary>
    /// A proxy is no way around: a target that is refused is asked directly, where <see cref="ConnectAsync"/> refuses it.
    /// </summary>
    /// <remarks>Of a name, the proxy finds the address: which names it resolves to what is up to the proxy's own rules.</remarks>
    public IWebProxy Guard(IWebProxy proxy) => new GuardedProxy(proxy, this);

    private static async Task<Stream> OpenAsync(IPAddress[] addresses, string host, int port, CancellationToken cancellationToken)
    {
        SocketException? failed = null;
        foreach (var address in addresses)
        {
            var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(new IPEndPoint(address, port), cancellationToken).ConfigureAwait(false);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch (SocketException e)
            {
                socket.Dispose();
                failed = e;
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }

        throw failed ?? new SocketException((int)SocketError.HostNotFound, $"{host} has no address");
    }

    private static IEnumerable<IPAddress> Forms(IPAddress address)
    {
        yield return address;
        if (address.AddressFamily != AddressFamily.InterNetworkV6)
        {
            yield break;
        }

        var bytes = address.GetAddressBytes();
        foreach (var (prefix, at) in Embedded)
        {
            if (prefix.Contains(address))
            {
                yield return new IPAddress(bytes.AsSpan(at, 4));
            }
        }
    }

    private sealed class GuardedProxy(IWebProxy inner, OutboundRules rules) : IWebProxy
    {
        public ICredentials? Credentials
        {
            get => inner.Credentials;
            set => inner.Credentials = value;
        }

        public Uri? GetProxy(Uri destination) => IsRefused(destination) ? null : inner.GetProxy(destination);

        public bool IsBypassed(Uri host) => IsRefused(host) || inner.IsBypassed(host);

        private bool IsRefused(Uri uri) => IPAddress.TryParse(uri.IdnHost, out var literal) && rules.Refuses(literal);
    }
}

/// <summary>A target that nothing connects to.</summary>
public sealed class AddressRefusedException(string host, IPAddress address) : IOException(
    $"{(IPAddress.TryParse(host, out _) ? $"{address}" : $"{host} resolves to {address}, which")} is a link-local or cloud metadata address, and Ostler does not connect to those. "
    + $"To allow it, add {address} to the chart's allowAddresses (--allow-addresses)")
{
    /// <summary>Whether this is the cause, at whatever depth.</summary>
    public static bool IsCauseOf(Exception? e) => e is AddressRefusedException || (e is not null && IsCauseOf(e.InnerException));
}
