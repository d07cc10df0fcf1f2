using System.Threading.Channels;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Informers;
using Ostler.Testing.Scripted;
using k8s.Models;

namespace Ostler.Kubernetes.Tests.Support;

/// <summary>An informer of nodes against a script, with a fake clock and without randomness.</summary>
internal sealed class InformerHarness : IAsyncDisposable
{
    /// <summary>The pauses that the informer makes after the first, second and third failure in a row.</summary>
    public static readonly TimeSpan FirstPause = TimeSpan.FromSeconds(0.8);
    public static readonly TimeSpan SecondPause = TimeSpan.FromSeconds(1.6);
    public static readonly TimeSpan ThirdPause = TimeSpan.FromSeconds(3.2);

    // Unlike any pause, so that a test which waits for a pause does not take this for one.
    private static readonly TimeSpan RequestTimeout = TimeSpan.FromSeconds(29);

    private readonly CancellationTokenSource _stop = new();
    private readonly Channel<string> _events = Channel.CreateUnbounded<string>();
    private readonly ApiClient _client;
    private Task _running = Task.CompletedTask;

    public InformerHarness(ScriptedHandler script, InformerOptions<V1Node>? options = null)
    {
        Server = new ScriptedServer(script);
        _client = new ApiClient(Server.CreateClient(), new ApiClientOptions { TimeProvider = Time, Timeout = RequestTimeout });
        Informer = new Informer<V1Node>(_client, KnownResources.Nodes, options, Time, random: () => 0.5);
        Informer.AddHandler(change => _events.Writer.TryWrite(Describe(change)));
    }

    public TestClock Time { get; } = new();

    public ScriptedServer Server { get; }

    public Informer<V1Node> Informer { get; }

    public static InformerHarness Started(ScriptedHandler script, InformerOptions<V1Node>? options = null)
    {
        var harness = new InformerHarness(script, options);
        harness.Start();
        return harness;
    }

    public void Start() => _running = Informer.RunAsync(_stop.Token);

    public Task SyncedAsync() => Informer.WaitForSyncAsync(Within.Deadline);

    /// <summary>The next change, as <c>Added a@1</c>.</summary>
    public async Task<string> NextEventAsync() => await _events.Reader.ReadAsync(Within.Deadline);

    /// <summary>Changes that nobody has taken yet.</summary>
    public IReadOnlyList<string> PendingEvents()
    {
        var pending = new List<string>();
        while (_events.Reader.TryRead(out var change))
        {
            pending.Add(change);
        }
        return pending;
    }

    public async Task<ScriptedRequest> NextRequestAsync() => await Server.NextRequestAsync(Within.Deadline);

    /// <summary>Skips requests until one is a watch.</summary>
    public async Task<ScriptedRequest> NextWatchAsync()
    {
        while (true)
        {
            var request = await NextRequestAsync();
            if (request.IsWatch)
            {
                return request;
            }
        }
    }

    /// <summary>What is cached, as <c>a@1 b@2</c>.</summary>
    public string Cached() => string.Join(' ', Informer.Lister.List().Select(Describe).Order());

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.WaitAsync(Within.Deadline);
        _client.Dispose();
        await Server.DisposeAsync();
        _stop.Dispose();
    }

    private static string Describe(V1Node node) => $"{node.Metadata.Name}@{node.Metadata.ResourceVersion}";

    private static string Describe(InformerEvent<V1Node> change) => $"{change.Type} {Describe(change.Object)}";
}
