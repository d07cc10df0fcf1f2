using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Http;

namespace Ostler.Controller.Telemetry;

/// <summary>
/// Keeps connections that ask nothing from keeping others out. There is no limit at which a new connection is refused while idle ones are
/// held: the oldest idle one of the same address makes
/// room, and beyond the total, the oldest idle one of the address that has most. Only requests under way are never cut off.
/// </summary>
/// <remarks>
/// Refusing the new one, as Kestrel's own limit does, lets whoever opens a hundred connections fail the kubelet's probes. Nor is a limit
/// per address alone enough: behind a node's address
/// there may be the kubelet and somebody else.
/// </remarks>
internal sealed class ConnectionLimits(int perAddress, int total)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<IPAddress, LinkedList<Entry>> _open = [];
    private readonly ConcurrentDictionary<string, Entry> _byId = new(StringComparer.Ordinal);
    private int _count;

    /// <summary>Serves a connection by what follows.</summary>
    public async Task ServeAsync(ConnectionContext connection, ConnectionDelegate next)
    {
        var entry = new Entry(connection, (connection.RemoteEndPoint as IPEndPoint)?.Address ?? IPAddress.None);
        if (!TryAdmit(entry))
        {
            connection.Abort(new ConnectionAbortedException("Too many requests from this address are in progress."));
            return;
        }

        _byId[connection.ConnectionId] = entry;
        try
        {
            await next(connection);
        }
        finally
        {
            _byId.TryRemove(connection.ConnectionId, out _);
            Remove(entry);
        }
    }

    /// <summary>Answers a request: while that lasts its connection is not idle.</summary>
    public async Task AnswerAsync(HttpContext context, RequestDelegate handler)
    {
        var entry = _byId.GetValueOrDefault(context.Connection.Id);
        entry?.Began();
        try
        {
            await handler(context);
        }
        finally
        {
            entry?.Ended();
        }
    }

    private bool TryAdmit(Entry entry)
    {
        Entry? victim = null;
        lock (_lock)
        {
            var own = _open.GetValueOrDefault(entry.Address);
            if (own?.Count >= perAddress)
            {
                victim = own.FirstOrDefault(static e => e.IsIdle);
            }
            else if (_count >= total)
            {
                victim = _open.Values.OrderByDescending(static l => l.Count).Select(static l => l.FirstOrDefault(static e => e.IsIdle)).FirstOrDefault(static e => e is not null);
            }
            else
            {
                Add(entry);
                return true;
            }

            if (victim is null)
            {
                return false;
            }

            Forget(victim);
            Add(entry);
        }

        victim.Connection.Abort(new ConnectionAbortedException("It sent no request and was closed to make room for another connection."));
        return true;
    }

    private void Add(Entry entry)
    {
        if (!_open.TryGetValue(entry.Address, out var list))
        {
            _open[entry.Address] = list = new();
        }

        entry.Node = list.AddLast(entry);
        _count++;
    }

    private void Remove(Entry entry)
    {
        lock (_lock)
        {
            Forget(entry);
        }
    }

    private void Forget(Entry entry)
    {
        if (entry.Node is not { List: { } list } node)
        {
            return;
        }

        list.Remove(node);
        _count--;
        if (list.Count == 0)
        {
            _open.Remove(entry.Address);
        }
    }

    private sealed class Entry(ConnectionContext connection, IPAddress address)
    {
        private int _requests;

        public ConnectionContext Connection => connection;

        public IPAddress Address => address;

        public LinkedListNode<Entry>? Node { get; set; }

        public bool IsIdle => Volatile.Read(ref _requests) == 0;

        public void Began() => Interlocked.Increment(ref _requests);

        public void Ended() => Interlocked.Decrement(ref _requests);
    }
}
