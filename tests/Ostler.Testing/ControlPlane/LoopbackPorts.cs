using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Ostler.Testing.ControlPlane;

/// <summary>Finds free loopback ports below the range that the kernel hands to outgoing connections.</summary>
/// <remarks>While an API server is down, its clients go on connecting to its port. Were the port in the ephemeral range,
/// sooner or later one of them would be given that very port as its own source, connect to itself, and
/// hold it: the server could never come back at its address.</remarks>
internal static class LoopbackPorts
{
    private const int First = 12000;

    /// <exception cref="InvalidOperationException">Not enough ports are free.</exception>
    public static IReadOnlyList<int> Take(int count)
    {
        var end = EphemeralStart();
        var listeners = new List<TcpListener>();
        try
        {
            // A random start keeps two test processes that begin at the same moment apart.
            var port = Random.Shared.Next(First, end);
            for (var tried = 0; listeners.Count < count && tried < end - First; tried++)
            {
                var listener = new TcpListener(IPAddress.Loopback, port);
                try
                {
                    listener.Start();
                    listeners.Add(listener);
                }
                catch (SocketException)
                {
                    listener.Dispose();
                }

                port = port + 1 < end ? port + 1 : First;
            }

            return listeners.Count == count
                ? [.. listeners.Select(l => ((IPEndPoint)l.LocalEndpoint).Port)]
                : throw new InvalidOperationException($"No {count} free ports between {First} and {end} on loopback.");
        }
        finally
        {
            listeners.ForEach(l => l.Dispose());
        }
    }

    private static int EphemeralStart()
    {
        const string Range = "/proc/sys/net/ipv4/ip_local_port_range";
        var start = File.Exists(Range)
            ? int.Parse(File.ReadAllText(Range).Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)[0], CultureInfo.InvariantCulture)
            : 32768;

        // A machine whose range begins very low leaves no room below it; then any port is as good as any other.
        return start > First + 1000 ? start : 60000;
    }
}
