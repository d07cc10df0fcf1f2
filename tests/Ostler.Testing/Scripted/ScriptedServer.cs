using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;

namespace Ostler.Testing.Scripted;

/// <summary>
/// Answers one request. Returning ends the answer properly; throwing or <see cref="ScriptedResponse.Reset"/> breaks the connection off.
/// </summary>
public delegate Task ScriptedHandler(ScriptedRequest request, ScriptedResponse response, CancellationToken cancellationToken);

/// <summary>
/// An HTTP/1.1 server on loopback whose handler is the script of what the real one would do: answer, stream, stall, break off.
/// Each test has its own, on a port of its own.
/// </summary>
/// <remarks>
/// Plain sockets rather than a web server: a script must be able to send a malformed chunk, to reset a connection in the middle of a line,
/// and to say nothing at all.
/// </remarks>
public sealed class ScriptedServer : IAsyncDisposable
{
    private readonly ScriptedHandler _handler;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Channel<ScriptedRequest> _requests = Channel.CreateUnbounded<ScriptedRequest>();
    private readonly Lock _lock = new();
    private readonly HashSet<ScriptedConnection> _connections = [];
    private readonly List<ScriptedRequest> _received = [];
    private readonly List<Exception> _failures = [];
    private TcpListener _listener;
    private Task _accepting;

    public ScriptedServer(ScriptedHandler handler)
    {
        _handler = handler;
        _listener = new TcpListener(IPAddress.Loopback, 0);
        _listener.Start();
        Address = new Uri($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}/");
        _accepting = AcceptAsync(_listener);
    }

    /// <summary>With a trailing slash, as base addresses need.</summary>
    public Uri Address { get; }

    /// <summary>Everything that was asked so far, in order of arrival.</summary>
    public IReadOnlyList<ScriptedRequest> Received
    {
        get
        {
            lock (_lock)
            {
                return [.. _received];
            }
        }
    }

    /// <summary>A client without a timeout of its own.</summary>
    public HttpClient CreateClient() => new() { BaseAddress = Address, Timeout = Timeout.InfiniteTimeSpan };

    /// <summary>The next request that no earlier call has returned; waits for it.</summary>
    public ValueTask<ScriptedRequest> NextRequestAsync(CancellationToken cancellationToken) => _requests.Reader.ReadAsync(cancellationToken);

    /// <summary>Resets every connection and refuses new ones until <see cref="Start"/>, as a server that crashed.</summary>
    public async Task StopAsync()
    {
        _listener.Stop();
        await _accepting.ConfigureAwait(false);
        foreach (var connection in Snapshot())
        {
            connection.Reset();
        }
    }

    /// <summary>Listens again on the same port.</summary>
    public void Start()
    {
        _listener = new TcpListener(IPAddress.Loopback, Address.Port);
        _listener.Server.SetSocketOption(SocketOptionLevel.Socket, SocketOptionName.ReuseAddress, true);
        _listener.Start();
        _accepting = AcceptAsync(_listener);
    }

    /// <summary>Resets every open connection; new ones are welcome.</summary>
    public void ResetConnections()
    {
        foreach (var connection in Snapshot())
        {
            connection.Reset();
        }
    }

    /// <exception cref="AggregateException">A script failed: an assertion in it, perhaps.</exception>
    public async ValueTask DisposeAsync()
    {
        await _stopping.CancelAsync().ConfigureAwait(false);
        await StopAsync().ConfigureAwait(false);
        _stopping.Dispose();
        _requests.Writer.TryComplete();
        lock (_lock)
        {
            if (_failures.Count > 0)
            {
                throw new AggregateException("a script failed", _failures);
            }
        }
    }

    private ScriptedConnection[] Snapshot()
    {
        lock (_lock)
        {
            return [.. _connections];
        }
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        while (true)
        {
            ScriptedConnection connection;
            try
            {
                var socket = await listener.AcceptSocketAsync(_stopping.Token).ConfigureAwait(false);
                connection = new ScriptedConnection(socket, OnReceived, _handler);
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
            {
                return;
            }
            catch (IOException)
            {
                // Gone again before it was accepted.
                continue;
            }
            lock (_lock)
            {
                _connections.Add(connection);
            }
            _ = ServeAsync(connection);
        }
    }

    private async Task ServeAsync(ScriptedConnection connection)
    {
        try
        {
            await connection.RunAsync(_stopping.Token).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            lock (_lock)
            {
                _failures.Add(e);
            }
        }
        finally
        {
            lock (_lock)
            {
                _connections.Remove(connection);
            }
            connection.Dispose();
        }
    }

    private void OnReceived(ScriptedRequest request)
    {
        lock (_lock)
        {
            _received.Add(request);
        }
        _requests.Writer.TryWrite(request);
    }
}
