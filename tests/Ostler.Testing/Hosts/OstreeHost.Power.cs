using System.Globalization;

namespace Ostler.Testing.Hosts;

public sealed partial class OstreeHost
{
    private const int PowerLost = 128 + 9;

    // systemd's own limit for ostree-finalize-staged.service.
    private static readonly TimeSpan PowerCycleLimit = TimeSpan.FromMinutes(5);

    private readonly SemaphoreSlim _power = new(1, 1);
    private readonly Lock _bootsGate = new();
    private readonly List<BootRecord> _boots = [];
    private readonly List<(int After, TaskCompletionSource<BootRecord> Waiter)> _waiters = [];
    private volatile BootedNamespace? _running;
    private volatile BootedNamespace? _starting;
    private volatile int _bootNumber;
    private int _requestedIn;
    private Task _requested = Task.CompletedTask;
    private Exception? _failure;
    private bool _disposed;

    /// <summary>Raised after the power went on (services started) or off; on the thread that did it, so it must be quick.</summary>
    public event Action<HostPowerChange>? PowerChanged;

    /// <summary>The boot under way; null while the host is off.</summary>
    public BootRecord? Booted { get; private set; }

    /// <summary>Every boot so far.</summary>
    public IReadOnlyList<BootRecord> Boots
    {
        get
        {
            lock (_bootsGate)
            {
                return [.. _boots];
            }
        }
    }

    /// <summary>Switches the host on: the deployment of the highest boot loader entry becomes the root.</summary>
    /// <exception cref="HostDoesNotBootException">The disks hold nothing that boots.</exception>
    public Task<BootRecord> BootAsync(CancellationToken cancellationToken) => WithPowerAsync(() => SwitchOnAsync(cancellationToken), cancellationToken);

    /// <summary>Shuts down in order: stops every process, finalizes what is staged, switches off.</summary>
    public Task ShutdownAsync(CancellationToken cancellationToken) =>
        WithPowerAsync(() => ShutDownAsync(cancellationToken), cancellationToken);

    /// <summary>Kills everything at once. Nothing is finalized.</summary>
    public Task PowerCutAsync(CancellationToken cancellationToken) => WithPowerAsync(
        async () =>
        {
            await CutPowerAsync();
            return true;
        },
        cancellationToken);

    /// <summary>Shuts down, boots, and starts the services again.</summary>
    public Task<BootRecord> RebootAsync(CancellationToken cancellationToken) => WithPowerAsync(
        async () =>
        {
            await ShutDownAsync(cancellationToken);
            return await SwitchOnAsync(cancellationToken);
        },
        cancellationToken);

    /// <summary>The first boot after another one (null: the first of all), as soon as its services are started.</summary>
    /// <exception cref="HostDoesNotBootException">A reboot that was requested inside ended in front of a boot loader.</exception>
    public Task<BootRecord> NextBootAsync(BootRecord? after, CancellationToken cancellationToken)
    {
        lock (_bootsGate)
        {
            if (_boots.FirstOrDefault(boot => boot.Number > (after?.Number ?? 0)) is { } boot)
            {
                return Task.FromResult(boot);
            }
            if (_failure is not null)
            {
                return Task.FromException<BootRecord>(_failure);
            }
            var waiter = new TaskCompletionSource<BootRecord>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((after?.Number ?? 0, waiter));
            return waiter.Task.WaitAsync(cancellationToken);
        }
    }

    private async Task<T> WithPowerAsync<T>(Func<Task<T>> act, CancellationToken cancellationToken)
    {
        await _power.WaitAsync(cancellationToken);
        try
        {
            ObjectDisposedException.ThrowIf(_disposed, this);
            return await act();
        }
        finally
        {
            _power.Release();
        }
    }

    private async Task<BootRecord> SwitchOnAsync(CancellationToken cancellationToken)
    {
        if (_running is not null)
        {
            throw new InvalidOperationException($"{Name} is on already.");
        }
        var entry = BootEntry.Choose(_machine.View);
        var number = _bootNumber + 1;
        var bootId = Guid.NewGuid().ToString("D");
        var deployment = $"/ostree/deploy/{StateRoot}/deploy/{entry.Deployment}";
        WriteLab("boot-number", number.ToString(CultureInfo.InvariantCulture));
        WriteLab("boot-id", bootId);
        WriteLab("cmdline", $"BOOT_IMAGE={entry.Linux} {entry.Options}");
        Units.Clear();
        Journal.Open(number);
        ApplyDiskFaults();
        _bootNumber = number;

        var starting = new BootedNamespace();
        _starting = starting;
        starting.Start(_machine, _lab.Scripts, _lab.LayersOf(_options.Tool), _machine.Disk + deployment, Name);
        try
        {
            await starting.WaitUpAsync(cancellationToken);
        }
        catch (Exception e)
        {
            await starting.DisposeAsync();
            var console = Path.Combine(_machine.Lab, "console");
            throw e is OperationCanceledException
                ? e
                : new InvalidOperationException($"{Name} could not boot {entry.Deployment}:\n{(File.Exists(console) ? File.ReadAllText(console) : "")}", e);
        }
        _running = starting;
        await CompleteBootAsync(number, cancellationToken);

        var tree = _machine.View + deployment;
        var version = ReadVersion(tree);
        var comesBack = !File.Exists(Path.Combine(tree, OsTree.NeverComesBackMarker)) && !_faults.Hits(HostFault.NeverComesBack, entry.Commit, version);
        var boot = new BootRecord(number, bootId, entry.Commit, int.Parse(entry.Deployment[65..], CultureInfo.InvariantCulture), version, comesBack);
        Booted = boot;
        ArmEnabledTimers();
        if (comesBack)
        {
            StartUnits(tree, boot);
            foreach (var service in _services.Values)
            {
                service.Process = await StartProcessAsync(service.Argv, service.Environment);
            }
        }
        PowerChanged?.Invoke(new HostPowerChange(this, boot, Cause: null));
        Publish(boot);
        return boot;
    }

    private async Task<bool> ShutDownAsync(CancellationToken cancellationToken)
    {
        var running = Running;
        var ends = Task.WhenAll(_processes.Values.Select(process => process.Exited));
        await running.SendAsync("term");
        if (!ends.IsCompleted)
        {
            await Task.WhenAny(ends, Task.Delay(_options.StopTimeout, cancellationToken));
        }
        await running.KillProcessesAsync(cancellationToken);
        await FinalizeStagedAsync(cancellationToken);
        await SwitchOffAsync(PowerOffCause.Shutdown);
        return true;
    }

    private Task CutPowerAsync()
    {
        _ = Running;
        return SwitchOffAsync(PowerOffCause.PowerCut);
    }

    private async Task SwitchOffAsync(PowerOffCause cause)
    {
        var (running, boot) = (Running, Booted!);
        _running = null;
        await running.DisposeAsync();
        foreach (var process in _processes.Values)
        {
            process.SetExited(PowerLost);
        }
        _processes.Clear();
        Booted = null;
        PowerChanged?.Invoke(new HostPowerChange(this, boot, cause));
    }

    // Of several requests in one boot the first counts, as for a real system that is on its way down.
    private void OnPowerRequested(int boot, bool restart, bool forced)
    {
        if (Interlocked.Exchange(ref _requestedIn, boot) != boot)
        {
            _requested = Task.Run(() => ObeyAsync(boot, restart, forced));
        }
    }

    private async Task ObeyAsync(int boot, bool restart, bool forced)
    {
        await _power.WaitAsync();
        using var limit = new CancellationTokenSource(PowerCycleLimit);
        try
        {
            if (_disposed || _running is null || boot != _bootNumber)
            {
                return; // somebody was faster
            }
            // `reboot --force` stops no unit, so ostree-finalize-staged.service never runs: as good as a power cut.
            if (_faults.Clear(HostFault.PowerCut) || forced)
            {
                await CutPowerAsync();
            }
            else
            {
                await ShutDownAsync(limit.Token);
            }
            if (restart)
            {
                await Task.Delay(_options.RebootLatency, limit.Token);
                await SwitchOnAsync(limit.Token);
            }
        }
        catch (Exception e)
        {
            Fail(e);
        }
        finally
        {
            _power.Release();
        }
    }

    private void Publish(BootRecord boot)
    {
        lock (_bootsGate)
        {
            _failure = null;
            _boots.Add(boot);
            foreach (var (_, waiter) in _waiters.Where(waiting => waiting.After < boot.Number))
            {
                waiter.TrySetResult(boot);
            }
            _waiters.RemoveAll(waiting => waiting.After < boot.Number);
        }
    }

    private void Fail(Exception failure)
    {
        lock (_bootsGate)
        {
            _failure = failure;
            _waiters.ForEach(waiting => waiting.Waiter.TrySetException(failure));
            _waiters.Clear();
        }
    }

    private void WriteLab(string name, string text) => File.WriteAllText(Path.Combine(_machine.Lab, name), text + "\n");
}
