using System.Globalization;

namespace Ostler.Testing.Kubelet;

/// <summary>One simulated machine: switch it off and on, make it ill, give it another OS.</summary>
/// <remarks>The methods change the machine at once and return; the cluster hears of it through the kubelet, as from a real one.</remarks>
public sealed class SimulatedNode
{
    private readonly SimulatedKubelets _fleet;
    private readonly Lock _lock = new();
    private int _pods;

    internal SimulatedNode(SimulatedKubelets fleet, SimulatedNodeOptions options, int index, string bootId, DateTimeOffset now)
    {
        _fleet = fleet;
        Options = options;
        Address = string.Create(CultureInfo.InvariantCulture, $"172.16.{index / 250}.{(index % 250) + 1}");
        PodNetwork = string.Create(CultureInfo.InvariantCulture, $"10.{128 + (index / 256)}.{index % 256}");
        Machine = new(IsOn: true, Boot: 1, bootId, now, options.OSImage, null);
    }

    public string Name => Options.Name;

    public SimulatedNodeOptions Options { get; }

    /// <summary>The node's internal address.</summary>
    public string Address { get; }

    public bool IsRunning => Machine.IsOn;

    /// <summary>Of the running boot, or of the last one.</summary>
    public string BootId => Machine.BootId;

    public string OSImage => Machine.OSImage;

    internal MachineState Machine { get; private set; }

    /// <summary>The first three parts of its pods' addresses.</summary>
    internal string PodNetwork { get; }

    /// <summary>Set once the Node object exists; the heartbeat's Lease is owned by it.</summary>
    internal string? Uid { get; set; }

    internal bool HasLease { get; set; }

    internal DateTimeOffset LastStatusReport { get; set; }

    /// <summary>Cuts the power: no heartbeats, no status, pods stand still. The node becomes NotReady when the real node lifecycle
    /// controller has waited its grace period.</summary>
    public void Stop() => Change(m => m with { IsOn = false });

    /// <summary>Switches the machine on: a new boot ID, and the pods bound to the node are started anew.</summary>
    /// <param name="osImage">What the machine boots. Default: as before.</param>
    /// <param name="bootId">The boot ID, where another part of the machine has one already. Default: a new one.</param>
    public void Start(string? osImage = null, string? bootId = null)
    {
        var now = _fleet.Time.GetUtcNow();
        bootId ??= _fleet.NextBootId();
        Change(m => m.IsOn
            ? throw new InvalidOperationException($"{Name} is running; stop it first.")
            : m with { IsOn = true, Boot = m.Boot + 1, BootId = bootId, BootedAt = now, OSImage = osImage ?? m.OSImage });
    }

    /// <summary>Switches the machine off, waits, and switches it on.</summary>
    /// <param name="downFor">How long it is off. With more than the cluster's grace period it becomes NotReady meanwhile.</param>
    /// <param name="osImage">What the machine boots. Default: as before.</param>
    /// <param name="cancellationToken">Ends the wait; the machine stays off.</param>
    public async Task RebootAsync(TimeSpan downFor, string? osImage = null, CancellationToken cancellationToken = default)
    {
        Stop();
        await Task.Delay(downFor, _fleet.Time, cancellationToken).ConfigureAwait(false);
        Start(osImage);
    }

    /// <summary>The kubelet goes on sending heartbeats, and reports Ready=False.</summary>
    public void SetUnhealthy(string reason, string message) => Change(m => m with { Illness = (reason, message) });

    public void SetHealthy() => Change(m => m with { Illness = null });

    internal string NextPodAddress() => string.Create(
        CultureInfo.InvariantCulture, $"{PodNetwork}.{2 + (Interlocked.Increment(ref _pods) % 250)}");

    private void Change(Func<MachineState, MachineState> change)
    {
        lock (_lock)
        {
            Machine = change(Machine);
        }

        _fleet.Refresh(this);
    }
}

/// <summary>A machine at one moment.</summary>
/// <param name="IsOn">Whether the kubelet runs.</param>
/// <param name="Boot">Counts the boots; what ran in another boot runs no more.</param>
/// <param name="BootId">What the kernel calls the boot.</param>
/// <param name="BootedAt">When.</param>
/// <param name="OSImage">What it booted.</param>
/// <param name="Illness">Reason and message of Ready=False; null when healthy.</param>
internal sealed record MachineState(
    bool IsOn, int Boot, string BootId, DateTimeOffset BootedAt, string OSImage, (string Reason, string Message)? Illness);
