using System.Collections.Concurrent;
using System.Globalization;
using System.Runtime.InteropServices;

namespace Ostler.Testing.Hosts;

/// <summary>
/// One simulated node with a real OSTree sysroot. While it is on, the booted deployment is the root of a
/// mount, PID, UTS and IPC namespace (the network is the machine's own), in which the real <c>ostree</c> stages, locks, deploys and
/// merges; at shutdown the staged deployment is finalized as <c>ostree-finalize-staged.service</c> does; at the next boot the
/// highest boot loader entry decides. Only the power cycle, systemd and the journal are simulated: stub
/// <c>systemctl</c>, <c>journalctl</c> and <c>systemd-run</c> stand in /usr/bin. Everything dies with the process that made it.
/// </summary>
/// <remarks>
/// Pitfalls: /usr is the tree's own usr over the machine's, read-only, so every tool of the machine is there; the sysroot is in
/// memory; sysfs and devices are the machine's. A command of <see cref="RunAsync"/> that runs during a shutdown is killed like all others.
/// </remarks>
public sealed partial class OstreeHost : IAsyncDisposable
{
    public const string StateRoot = "lab";
    public const string RemoteName = "lab";
    internal const string SearchPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

    private readonly OstreeLab _lab;
    private readonly OstreeHostOptions _options;
    private readonly Machine _machine;
    private readonly HostEvents _events;
    private readonly HostFaults _faults = new();
    private readonly IReadOnlyList<(string Outside, string Inside)> _exposed;
    private readonly ConcurrentDictionary<string, HostProcess> _processes = new();
    private readonly ConcurrentDictionary<string, HostService> _services = new();
    private int _processCount;

    internal OstreeHost(OstreeLab lab, OstreeHostOptions options, Machine machine)
    {
        (_lab, _options, _machine) = (lab, options, machine);
        Units = new HostUnits(Path.Combine(machine.Lab, "units"));
        Journal = new HostJournal(machine.Lab, options.PersistentJournal);
        IReadOnlyList<string> expose = options.Tool == HostTool.Ostree ? options.Expose : [.. options.Expose, AppContext.BaseDirectory];
        _exposed = [.. expose.Append(DotnetRoot).Where(folder => !IsUnder(folder, "/usr")).Distinct().Select((folder, index) => (folder, $"/run/host-files/{index}"))];
        File.WriteAllLines(Path.Combine(machine.Lab, "exposed"), _exposed.Select(mount => $"{mount.Outside}\t{mount.Inside}"));
        WriteFakeTools();
        _events = new HostEvents(machine.EventsFile, OnEvent);
    }

    public string Name => _options.Name;

    /// <summary>The URL of the host's own remote, <see cref="RemoteName"/>.</summary>
    public string RemoteUrl => _lab.Repository.UrlFor(Name);

    public HostUnits Units { get; }

    public HostJournal Journal { get; }

    /// <summary>Every call of a stub so far, such as "systemctl is-active kubelet.service".</summary>
    public IReadOnlyList<string> StubCalls
    {
        get
        {
            var file = Path.Combine(_machine.Lab, "calls");
            return File.Exists(file) ? File.ReadAllLines(file) : [];
        }
    }

    /// <summary>Null when real OSTree hosts can run here; otherwise the reason, for a skip.</summary>
    public static string? WhyNotAvailable() => HostTools.WhyNotAvailable();

    /// <summary>Where a file of this machine is found inside: under /usr as it is, or in an exposed folder.</summary>
    /// <exception cref="ArgumentException">It is in neither.</exception>
    public string PathInside(string path)
    {
        if (IsUnder(path, "/usr"))
        {
            return path;
        }
        var mount = _exposed.FirstOrDefault(mount => IsUnder(path, mount.Outside));
        return mount.Outside is not null
            ? mount.Inside + path[mount.Outside.TrimEnd('/').Length..]
            : throw new ArgumentException($"'{path}' cannot be seen inside {Name}: name its folder in {nameof(OstreeHostOptions.Expose)}.", nameof(path));
    }

    /// <summary>The <c>dotnet</c> that runs this process, as a path inside.</summary>
    public string Dotnet => PathInside(Path.Combine(DotnetRoot, "dotnet"));

    /// <summary>Runs a command inside to its end, entering as an administrator of the host would; for assertions.</summary>
    public Task<CommandResult> RunAsync(IReadOnlyList<string> argv, CancellationToken cancellationToken) =>
        HostCommand.RunAsync([.. Running.Enter(), .. argv], cancellationToken);

    /// <summary>Starts a process inside as a child of the host's init, with a clean environment and these variables.</summary>
    public async Task<HostProcess> StartProcessAsync(IReadOnlyList<string> argv, IReadOnlyDictionary<string, string>? environment = null)
    {
        var id = "p" + Interlocked.Increment(ref _processCount).ToString(CultureInfo.InvariantCulture);
        var folder = Path.Combine(_machine.Lab, "jobs", id);
        HostProcess.WriteScript(folder, argv, environment);
        return await StartJobAsync(id);
    }

    /// <summary>Starts a command now, when the host is on, and again at every boot.</summary>
    public async Task<HostService> AddServiceAsync(string name, IReadOnlyList<string> argv, IReadOnlyDictionary<string, string>? environment = null)
    {
        var service = new HostService(name, argv, environment);
        // Not while a boot is starting services: it would start this one too.
        return await WithPowerAsync(
            async () =>
            {
                if (!_services.TryAdd(name, service))
                {
                    throw new InvalidOperationException($"{Name} has a service '{name}' already.");
                }
                if (Booted is { CameBack: true })
                {
                    service.Process = await StartProcessAsync(argv, environment);
                }
                return service;
            },
            CancellationToken.None);
    }

    /// <summary>Ends a service and starts it at no boot any more.</summary>
    public async Task RemoveServiceAsync(string name, CancellationToken cancellationToken)
    {
        if (_services.TryRemove(name, out var service) && service.Process is { Exited.IsCompleted: false } process)
        {
            await SignalAsync(process, "KILL", cancellationToken);
        }
    }

    /// <summary>Sends a signal ("TERM", "KILL", "STOP", …) to a process and, for TERM and KILL, waits for its end.</summary>
    public async Task SignalAsync(HostProcess process, string signal, CancellationToken cancellationToken)
    {
        if (process.ProcessId is var pid and not 0)
        {
            await RunAsync(["kill", "-" + signal, pid.ToString(CultureInfo.InvariantCulture)], cancellationToken);
        }
        if (signal is "TERM" or "KILL")
        {
            await process.Exited.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Takes the host's power and its disks.</summary>
    public async ValueTask DisposeAsync()
    {
        await _power.WaitAsync();
        try
        {
            if (_disposed)
            {
                return;
            }
            _disposed = true;
            if (_running is not null)
            {
                await CutPowerAsync();
            }
        }
        finally
        {
            _power.Release();
        }
        await _requested;
        _events.Dispose();
        await _machine.DisposeAsync();
        RunFolder.Delete(_machine.Folder);
        _lab.Forget(this);
    }

    // What the wrappers in /usr/bin of such hosts start: the paths inside differ from host to host.
    private void WriteFakeTools()
    {
        if (_options.Tool != HostTool.Ostree)
        {
            var file = Path.Combine(_machine.Lab, "fake-host-tools");
            var program = PathInside(Path.Combine(AppContext.BaseDirectory, "ostler-fake-host-tools.dll"));
            File.WriteAllText(file, $"#!/bin/bash\nexec {HostCommand.Quote(Dotnet)} {HostCommand.Quote(program)} \"$@\"\n");
            OstreeLab.MakeExecutable(file);
        }
    }

    private static string DotnetRoot { get; } = Path.GetFullPath(Path.Combine(RuntimeEnvironment.GetRuntimeDirectory(), "../../.."));

    private static bool IsUnder(string path, string folder) =>
        Path.GetFullPath(path).StartsWith(Path.GetFullPath(folder).TrimEnd('/') + "/", StringComparison.Ordinal);

    private BootedNamespace Running => _running ?? throw new InvalidOperationException($"{Name} is off.");

    private async Task<HostProcess> StartJobAsync(string id)
    {
        var process = new HostProcess(id, Path.Combine(_machine.Lab, "jobs", id));
        var running = Running;
        _processes[id] = process;
        try
        {
            await running.SendAsync("start " + id);
        }
        catch (IOException)
        {
            process.SetExited(PowerLost); // the host was switched off in this moment
        }
        return process;
    }

    private void OnEvent(int boot, string[] words)
    {
        if (boot != _bootNumber)
        {
            return; // told by a host that is dead
        }
        switch (words)
        {
            case ["exited", var id, var code]:
                if (_processes.TryRemove(id, out var process))
                {
                    process.SetExited(int.Parse(code, CultureInfo.InvariantCulture));
                }
                break;
            case ["spawn", var id]:
                _ = StartJobAsync(id);
                break;
            case ["reboot", .. var how]:
                OnPowerRequested(boot, restart: true, forced: how is ["force"]);
                break;
            case ["poweroff", .. var how]:
                OnPowerRequested(boot, restart: false, forced: how is ["force"]);
                break;
            default:
                _starting?.Received(words);
                break;
        }
    }
}
