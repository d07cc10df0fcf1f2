namespace Ostler.Testing.Hosts;

// What systemd and its units do on a real host: the two units of ostree, units that are up after a boot, timers.
public sealed partial class OstreeHost
{
    private const string FinalizeUnit = "ostree-finalize-staged.service";
    private const string BootCompleteUnit = "ostree-boot-complete.service";

    /// <summary>The timers that would elapse in the end: started ones, enabled ones after a boot, transient ones.</summary>
    public IReadOnlyList<string> ArmedTimers =>
    [
        .. Directory.EnumerateFiles(Path.Combine(_machine.Lab, "units"), "*.timer")
            .Select(file => Path.GetFileName(file))
            .Where(unit => Units[unit] == "active")
            .Order(StringComparer.Ordinal),
    ];

    /// <summary>
    /// Lets a timer elapse: its service's ExecStart= commands run inside, in order, as children of init. Returns the last one's
    /// process; earlier ones have ended.
    /// </summary>
    /// <exception cref="InvalidOperationException">The timer is not armed, or its service has no ExecStart=.</exception>
    public async Task<HostProcess> ElapseTimerAsync(string timer, CancellationToken cancellationToken)
    {
        if (!ArmedTimers.Contains(timer))
        {
            throw new InvalidOperationException($"{timer} is not armed on {Name}; armed are: {string.Join(", ", ArmedTimers)}.");
        }
        var service = UnitFile.Load(UnitFolders, timer).Get("Unit") ?? timer[..^".timer".Length] + ".service";
        Units.SetInactive(timer);
        var unit = UnitFile.Load(UnitFolders, service);
        HostProcess? process = null;
        foreach (var command in unit.All("ExecStart"))
        {
            if (process is not null)
            {
                await process.Exited.WaitAsync(cancellationToken);
            }
            process = await StartProcessAsync(UnitFile.Words(command.TrimStart('-', '@', '+', '!', ':')), unit.Environment());
        }
        return process ?? throw new InvalidOperationException($"{service} has no ExecStart=.");
    }

    // In every boot, also one in which nothing else comes back: timers are what must still work then.
    private void ArmEnabledTimers()
    {
        foreach (var timer in EnabledTimers())
        {
            if (UnitFile.Load(UnitFolders, timer).Get("ConditionPathExists") is not { } path || File.Exists(Running.View + path))
            {
                Units.SetActive(timer);
            }
        }
    }

    private void StartUnits(string tree, BootRecord boot)
    {
        foreach (var unit in _options.ActiveUnits.Append(_options.CanaryUnit))
        {
            Units.SetActive(unit);
        }
        var marker = Path.Combine(tree, OsTree.UnhealthyMarker);
        foreach (var unit in File.Exists(marker) ? File.ReadAllLines(marker) : [])
        {
            Units.SetFailed(unit);
        }
        if (_faults.Hits(HostFault.UnhealthyAfterBoot, boot.Commit, boot.Version))
        {
            Units.SetFailed(_options.CanaryUnit);
        }
    }

    // What ostree-boot-complete.service does, and what systemd logs of it. INVOCATION_ID: ostree refuses to be anything but a unit.
    private async Task CompleteBootAsync(int boot, CancellationToken cancellationToken)
    {
        if (!File.Exists(Path.Combine(_machine.View, "boot/ostree/finalize-failure.stamp")))
        {
            return;
        }
        var result = await RunAsync(["env", "INVOCATION_ID=" + Guid.NewGuid().ToString("N"), "ostree", "admin", "boot-complete"], cancellationToken);
        Journal.Append(boot, BootCompleteUnit, [$"Starting {BootCompleteUnit} - OSTree Complete Boot...", .. Lines(result)]);
        if (result.ExitCode == 0)
        {
            Units.SetActive(BootCompleteUnit);
            Journal.Append(boot, BootCompleteUnit, $"Finished {BootCompleteUnit} - OSTree Complete Boot.");
            return;
        }
        Units.SetFailed(BootCompleteUnit);
        Journal.Append(
            boot,
            BootCompleteUnit,
            $"{BootCompleteUnit}: Main process exited, code=exited, status={result.ExitCode}/FAILURE",
            $"{BootCompleteUnit}: Failed with result 'exit-code'.",
            $"Failed to start {BootCompleteUnit} - OSTree Complete Boot.");
    }

    // What the ExecStop= of ostree-finalize-staged.service does, and what systemd logs of it. The unit was started by
    // its path unit if something was staged; its failure holds up no shutdown.
    private async Task FinalizeStagedAsync(CancellationToken cancellationToken)
    {
        if (!File.Exists(Running.View + "/run/ostree/staged-deployment") || IsMasked(FinalizeUnit))
        {
            return;
        }
        var result = await RunAsync(["ostree", "admin", "finalize-staged"], cancellationToken);
        const string described = $"{FinalizeUnit} - OSTree Finalize Staged Deployment";
        Journal.Append(_bootNumber, FinalizeUnit, [$"Finished {described}.", $"Stopping {described}...", .. Lines(result)]);
        Journal.Append(
            _bootNumber,
            FinalizeUnit,
            result.ExitCode == 0
                ? [$"{FinalizeUnit}: Deactivated successfully."]
                :
                [
                    $"{FinalizeUnit}: Control process exited, code=exited, status={result.ExitCode}/FAILURE",
                    $"{FinalizeUnit}: Failed with result 'exit-code'.",
                ]);
        Journal.Append(_bootNumber, FinalizeUnit, $"Stopped {described}.");
    }

    private IReadOnlyList<string> UnitFolders =>
    [
        Path.Combine(EtcFolder, "systemd/system"),
        $"{Running.View}/run/systemd/system",
        $"{Running.View}/run/systemd/transient",
        $"{Running.View}/usr/lib/ostler-lab/units",
    ];

    private IEnumerable<string> EnabledTimers()
    {
        var folder = Path.Combine(EtcFolder, "systemd/system");
        return Directory.Exists(folder)
            ? Directory.EnumerateDirectories(folder, "*.wants").SelectMany(Directory.EnumerateFileSystemEntries).Select(file => Path.GetFileName(file)).Where(unit => unit.EndsWith(".timer", StringComparison.Ordinal)).Distinct()
            : [];
    }

    private bool IsMasked(string unit) => new[] { EtcFolder, Running.View + "/run" }
        .Any(folder => new FileInfo($"{folder}/systemd/system/{unit}").LinkTarget == "/dev/null");

    private static string[] Lines(CommandResult result) =>
        (result.Stdout + result.Stderr).Split('\n', StringSplitOptions.RemoveEmptyEntries);
}
