using Ostler.Kubernetes;
using Ostler.Kubernetes.Client;
using Ostler.Kubernetes.Informers;
using Ostler.Testing.Hosts;
using Ostler.Testing.Waiting;
using k8s.Models;

namespace Ostler.Testing.Fleet;

/// <summary>
/// The other witness of a rollout: it looks at Nodes, pods and the machines' power, and asks neither Ostler nor its status. What must never
/// happen it writes down when it does.
/// </summary>
public sealed class FleetWitness : IAsyncDisposable
{
    private readonly ApiClient _api;
    private readonly Informer<V1Node> _nodes;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly List<Task<string?>> _looks = [];
    private readonly HashSet<string> _away = new(StringComparer.Ordinal);
    private Task _running = Task.CompletedTask;

    private FleetWitness(TestFleet fleet)
    {
        _api = fleet.Api;
        _nodes = new(fleet.Api, KnownResources.Nodes);
        foreach (var host in fleet.Lab.Hosts)
        {
            host.PowerChanged += OnPower;
        }
    }

    /// <summary>How many nodes were cordoned, or without power, at one time at the most.</summary>
    public int MostAway { get; private set; }

    public static async Task<FleetWitness> StartAsync(TestFleet fleet, CancellationToken cancellationToken)
    {
        var witness = new FleetWitness(fleet);
        witness._nodes.AddHandler(change => witness.Count(change.Object.Metadata.Name, "cordoned", change.New?.Spec?.Unschedulable == true));
        witness._running = witness._nodes.RunAsync(witness._stop.Token);
        await witness._nodes.WaitForSyncAsync(cancellationToken);
        return witness;
    }

    /// <summary>Machines that went down although they were not cordoned, or held pods that a drain must move.</summary>
    public async Task<IReadOnlyList<string>> FaultsAsync()
    {
        Task<string?>[] looks;
        lock (_gate)
        {
            looks = [.. _looks];
        }

        return [.. (await Task.WhenAll(looks)).OfType<string>()];
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        await Task.WhenAll(_looks).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        _stop.Dispose();
    }

    private void OnPower(HostPowerChange change)
    {
        var node = change.Host.Name;
        Count(node, "off", !change.IsOn);
        if (change.Cause == PowerOffCause.Shutdown)
        {
            lock (_gate)
            {
                _looks.Add(Task.Run(() => LookAsync(node)));
            }
        }
    }

    // Asked for anew rather than read from a cache: while the machine is off nothing of this changes, whereas a watch may lag, or be broken
    // off.
    private async Task<string?> LookAsync(string name)
    {
        using var timer = new ProgressTimer(TimeProvider.System, ProgressWait.DefaultPatience);
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(timer.Expired, _stop.Token);
        while (true)
        {
            try
            {
                var node = await _api.GetAsync(KnownResources.Nodes, NamespacedName.ClusterScoped(name), deadline.Token);
                var pods = await _api.ListAsync(KnownResources.Pods, new() { FieldSelector = $"spec.nodeName={name}" }, deadline.Token);
                string[] left = [.. pods.Items.Where(MustMove).Select(p => p.Metadata.Name).Order(StringComparer.Ordinal)];
                var cordoned = node is null || node.Spec?.Unschedulable == true;
                return cordoned && left.Length == 0
                    ? null
                    : $"{name} shut down{(cordoned ? "" : " without being cordoned")}{(left.Length > 0 ? $" with {string.Join(", ", left)} on it" : "")}";
            }
            catch (Exception e) when (e is HttpRequestException or IOException or ApiException)
            {
                // The API server is away: what it knew of the node when that went down it still knows when it is back.
                await Task.Delay(TimeSpan.FromMilliseconds(50), deadline.Token);
            }
        }
    }

    // It stays where no other node can take it, and so does here whether or not one could: no test of a fleet runs it in a pod on two nodes.
    private static readonly KeyValuePair<string, string> OwnController = new("app.kubernetes.io/component", "controller");

    private static bool MustMove(V1Pod pod) =>
        pod.Status?.Phase is not ("Succeeded" or "Failed")
        && pod.Metadata.OwnerReferences?.Any(o => o.Kind == "DaemonSet") != true
        && !(pod.Metadata.NamespaceProperty == Installation.Namespace && pod.Metadata.Labels?.Contains(OwnController) == true)
        && pod.Metadata.Annotations?.ContainsKey("kubernetes.io/config.mirror") != true;

    // A node that is cordoned and off is away once.
    private void Count(string node, string how, bool away)
    {
        lock (_gate)
        {
            _ = away ? _away.Add($"{node} {how}") : _away.Remove($"{node} {how}");
            MostAway = Math.Max(MostAway, _away.Select(a => a.Split(' ')[0]).Distinct(StringComparer.Ordinal).Count());
        }
    }
}
