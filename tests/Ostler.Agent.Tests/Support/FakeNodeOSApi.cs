using System.Net;
using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Threading.Channels;
using Ostler.Agent.Cluster;
using Ostler.Api.Json;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Kubernetes.Client;

namespace Ostler.Agent.Tests.Support;

/// <summary>
/// One NodeOS as an API server would keep it: generations, resource versions, watches, a status that only its owner applies.
/// </summary>
internal sealed class FakeNodeOSApi : INodeOSApi
{
    private readonly Lock _gate = new();
    private readonly List<Channel<NodeOSChange>> _watches = [];
    private readonly Channel<NodeOSStatus> _writes = Channel.CreateUnbounded<NodeOSStatus>();
    private readonly List<NodeOSStatus> _written = [];
    private NodeOS? _current;
    private long _version = 100;

    /// <summary>Every call fails as if the server could not be reached; watches stay open.</summary>
    public bool IsDown { get; set; }

    /// <summary>Called within each call, before and after its effect.</summary>
    public Func<string, CancellationToken, Task>? Interrupt { get; set; }

    public int Gets { get; private set; }

    public int Watches { get; private set; }

    public long Version
    {
        get
        {
            lock (_gate)
            {
                return _version;
            }
        }
    }

    public NodeOS? Current
    {
        get
        {
            lock (_gate)
            {
                return _current;
            }
        }
    }

    /// <summary>All statuses that were applied, in order.</summary>
    public IReadOnlyList<NodeOSStatus> Written
    {
        get
        {
            lock (_gate)
            {
                return [.. _written];
            }
        }
    }

    /// <summary>The next status that was applied and that no earlier call has told of.</summary>
    public ValueTask<NodeOSStatus> NextWriteAsync(CancellationToken cancellationToken) => _writes.Reader.ReadAsync(cancellationToken);

    /// <summary>What the controller does: asks for something.</summary>
    public void Ask(NodeOSSpec spec) => Change(os => (os ?? new NodeOS { Metadata = new ObjectMeta { Name = "node-1", Uid = HostTrees.Uid } }) with
    {
        Spec = spec,
        Metadata = (os?.Metadata ?? new ObjectMeta { Name = "node-1", Uid = HostTrees.Uid }) with { Generation = (os?.Metadata.Generation ?? 0) + 1 },
    });

    /// <summary>Changes the object in any other way; null deletes it.</summary>
    public void Change(Func<NodeOS?, NodeOS?> change)
    {
        lock (_gate)
        {
            _version++;
            var changed = change(_current);
            _current = changed is null ? null : changed with { Metadata = changed.Metadata with { ResourceVersion = $"{_version}" } };
            Tell();
        }
    }

    /// <summary>etcd is restored from a backup: the object as it was, of an older version; all watches end.</summary>
    public void Restore(long version)
    {
        lock (_gate)
        {
            _version = version;
            _current = _current! with { Metadata = _current.Metadata with { ResourceVersion = $"{version}" } };
            foreach (var watch in _watches)
            {
                watch.Writer.Complete();
            }

            _watches.Clear();
        }
    }

    public async Task<NodeOS?> GetAsync(CancellationToken cancellationToken)
    {
        await PassAsync("get", cancellationToken);
        lock (_gate)
        {
            Gets++;
            return _current;
        }
    }

    public async IAsyncEnumerable<NodeOSChange> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var changes = Channel.CreateUnbounded<NodeOSChange>();
        lock (_gate)
        {
            Watches++;
            _watches.Add(changes);
            changes.Writer.TryWrite(new NodeOSChange($"{_version}", false, _current) { IsListed = true });
        }

        await foreach (var change in changes.Reader.ReadAllAsync(cancellationToken))
        {
            yield return change;
        }
    }

    public async Task<NodeOS> ApplyStatusAsync(string uid, NodeOSStatus status, CancellationToken cancellationToken)
    {
        await PassAsync("apply", cancellationToken);
        NodeOS stored;
        lock (_gate)
        {
            if (_current is null)
            {
                throw new ApiException(HttpStatusCode.NotFound, null);
            }

            if (_current.Metadata.Uid != uid)
            {
                throw new ApiException(HttpStatusCode.Conflict, null);
            }

            _version++;

            // Through the wire and back, as the real one: what does not survive that would be written again and again.
            var copy = JsonSerializer.Deserialize(JsonSerializer.Serialize(status, OstlerJson.Default.NodeOSStatus), OstlerJson.Default.NodeOSStatus)!;
            _current = stored = _current with { Status = copy, Metadata = _current.Metadata with { ResourceVersion = $"{_version}" } };
            _written.Add(copy);
            Tell();
        }

        _writes.Writer.TryWrite(status);
        await PassAsync("applied", cancellationToken);
        return stored;
    }

    private async Task PassAsync(string what, CancellationToken cancellationToken)
    {
        if (Interrupt is { } interrupt)
        {
            await interrupt(what, cancellationToken);
        }

        cancellationToken.ThrowIfCancellationRequested();
        if (IsDown)
        {
            throw new HttpRequestException("Connection refused");
        }
    }

    private void Tell()
    {
        foreach (var watch in _watches)
        {
            watch.Writer.TryWrite(new NodeOSChange($"{_version}", false, _current));
        }
    }
}
