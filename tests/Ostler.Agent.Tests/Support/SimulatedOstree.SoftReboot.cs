using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Host;
using Ostler.Agent.Watchdog;

namespace Ostler.Agent.Tests.Support;

/// <summary>Soft reboots of the simulated host: what ostree prepares, and what systemd then does.</summary>
internal sealed partial class SimulatedOstree
{
    private int? _softReboots;
    private string? _softTarget;
    private int _mounts;
    private bool _bootComplete;

    /// <summary>systemd gets to ostree-boot-complete.service before the agent looks. By default the agent is faster.</summary>
    public bool BootsFast { get; set; }

    /// <summary>How often ostree-boot-complete.service has run in this boot.</summary>
    public int BootCompletions { get; private set; }

    /// <summary>How many trees are mounted over one another at /run/nextroot.</summary>
    public int Mounts
    {
        get => _mounts;
        set
        {
            _mounts = value;
            _host.PutFolder(OstreeBootComplete.NextRoot);
            if (value > 0)
            {
                _host.Put(OstreeBootComplete.NextRoot + "/usr/lib/os-release", "");
            }
            else
            {
                Directory.Delete(_host.At(OstreeBootComplete.NextRoot + "/usr"), recursive: true);
            }
        }
    }

    /// <summary>Why <c>prepare-soft-reboot</c> says no; null: it does not. Only this makes the host one that can soft-reboot.</summary>
    public string? SoftRebootRefusal { get; set; }

    /// <summary>Called for <c>systemctl soft-reboot</c>.</summary>
    public Action? SoftRebootRequested { get; set; }

    /// <summary>What systemd says of soft reboots; null: it is not the host's first process.</summary>
    public string? Systemd
    {
        set => _units.Systemd = value;
    }

    /// <summary>As systemd 256 counts; null: an older one.</summary>
    public int? SoftReboots
    {
        get => _softReboots;
        set
        {
            _softReboots = value;
            _units.Systemd = value is null ? "UserspaceTimestampMonotonic=1500000\n" : $"SoftRebootsCount={value}\nUserspaceTimestampMonotonic={(value + 1) * 60}000000\n";
            _host.Put("/usr/lib/systemd/system/soft-reboot.target", "");
        }
    }

    /// <summary>Somebody undoes the preparation behind the agent's back, or writes deployments: then its mount stays.</summary>
    public void ForgetSoftRebootTarget()
    {
        _softTarget = null;
        _host.Files.Delete(OstreeBootComplete.Prepared);
    }

    /// <summary>
    /// What a soft reboot does: the tree that it was prepared for is entered, the kernel, its boot ID and /run stay. ostree's list does not
    /// change before ostree-boot-complete.service has run, which systemd does not start again while it is active.
    /// </summary>
    public void SoftReboot()
    {
        lock (_gate)
        {
            if (_mounts > 0)
            {
                Mounts = 0;
            }

            SoftReboots++;
            if (BootsFast && !_bootComplete)
            {
                CompleteBoot();
            }
        }
    }

    private CommandResult CompleteBoot() => Done(() =>
    {
        _bootComplete = true;
        if (!_host.Files.Exists(OstreeBootComplete.Prepared))
        {
            return;
        }

        BootCompletions++;
        for (var i = 0; i < _deployments.Count; i++)
        {
            _deployments[i] = _deployments[i] with { Booted = _softTarget is null ? _deployments[i].Booted : _deployments[i].Digest == _softTarget };
        }

        ForgetSoftRebootTarget();
    });

    /// <summary>Merges /etc and makes the staged deployment the next boot's, as when the host goes down.</summary>
    private CommandResult Apply()
    {
        if (MergeConflict is { } conflict && Seen().Any(d => d is { Staged: true, Locked: false }))
        {
            // The unit stops with success all the same; the deployment is gone, and the stamp says why.
            _deployments.RemoveAll(d => d.Staged);
            _host.Put("/boot/ostree/finalize-failure.stamp", conflict);
            return Said("");
        }

        if (!_pretended.Contains("apply") && Seen().FirstOrDefault(d => d.Staged) is { Locked: false } staged)
        {
            var kept = _deployments.Where(d => !d.Staged && (d.Booted || d.Pinned)).ToList();
            _deployments.Clear();
            _deployments.AddRange([staged with { Staged = false }, .. kept]);
            if (_host.Files.Exists(WatchdogUnits.TimerPath))
            {
                _host.Put($"/ostree/deploy/{staged.Stateroot}/deploy/{staged.Digest}.{staged.Serial}{WatchdogUnits.TimerPath}", "");
            }
        }

        return Said("");
    }

    private CommandResult PrepareSoftReboot(int index) => SoftRebootRefusal is { } why
        ? Failed("error: Preparing /run/nextroot for a soft-reboot: " + why)
        : Done(() =>
        {
            _softTarget = _pretended.Contains("prepare-soft-reboot") ? null : _deployments[index].Digest;
            _host.Put(OstreeBootComplete.Prepared, "");
            Mounts++;
        });

    private CommandResult ResetSoftReboot() => Done(() =>
    {
        ForgetSoftRebootTarget();
        Mounts = Math.Max(0, Mounts - 1);
    });

    /// <summary>Why /etc cannot be merged; null: it can.</summary>
    public string? MergeConflict { get; set; }
}
