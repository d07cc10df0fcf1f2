using k8s.Models;
using Ostler.Kubernetes;
using Ostler.Testing.Hosts;

namespace Ostler.Testing.Fleet;

/// <summary>
/// The other witness of a rollout: it watches Nodes, pods and the machines' power, and asks neither Ostler nor its status. What must never
/// happen it writes down at the moment it does.
/// </summary>
public sealed class FleetWitness : IAsyncDisposable
{
    private readonly Informer<V1Node> _nodes;
    private readonly Informer<V1Pod> _pods;
    private readonly CancellationTokenSource _stop = new();
    private readonly Lock _gate = new();
    private readonly List<string> _faults = [];
    private readonly HashSet<string> _away = new(StringComparer.Ordinal);
    private Task _running = Task.CompletedTask;

    private FleetWitness(TestFleet fleet)
    {
        _nodes = new(fleet.Api, KnownResources.Nodes);
        _pods = new(fleet.Api, KnownResources.Pods);
        foreach (var host in fleet.Lab.Hosts)
        {
            host.PowerChanged += OnPower;
        }
    }

    /// <summary>Machines that went down although they were not cordoned, or held pods that a drain must move.</summary>
    public IReadOnlyList<string> Faults
    {
        get
        {
            lock (_gate)
            {
                return [.. _faults];
            }
        }
    }

    /// <summary>How many nodes were cordoned, or without power, at one time at the most.</summary>
    public int MostAway { get; private set; }

    public static async Task<FleetWitness> StartAsync(TestFleet fleet, CancellationToken cancel)
    {
        var witness = new FleetWitness(fleet);
        witness._nodes.AddHandler(change => witness.Count(change.Object.Metadata.Name, "cordoned", change.New?.Spec?.Unschedulable == true));
        witness._running = Task.WhenAll(witness._nodes.RunAsync(witness._stop.Token), witness._pods.RunAsync(witness._stop.Token));
        await Task.WhenAll(witness._nodes.WaitForSyncAsync(cancel), witness._pods.WaitForSyncAsync(cancel));
        return witness;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
        _stop.Dispose();
    }

    private void OnPower(HostPowerChange change)
    {
        var node = change.Host.Name;
        Count(node, "off", !change.IsOn);
        if (change.Cause != PowerOffCause.Shutdown)
        {
            return;
        }

        var cordoned = _nodes.Lister.Get(NamespacedName.ClusterScoped(node))?.Spec?.Unschedulable == true;
        string[] pods = [.. _pods.Lister.List().Where(p => p.Spec.NodeName == node && MustMove(p)).Select(p => p.Metadata.Name).Order(StringComparer.Ordinal)];
        if (!cordoned || pods.Length > 0)
        {
            lock (_gate)
            {
                _faults.Add($"{node} went down{(cordoned ? "" : " without being cordoned")}{(pods.Length > 0 ? $" with {string.Join(", ", pods)} on it" : "")}");
            }
        }
    }

    private static bool MustMove(V1Pod pod) =>
        pod.Status?.Phase is not ("Succeeded" or "Failed")
        && pod.Metadata.OwnerReferences?.Any(o => o.Kind == "DaemonSet") != true
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
