using Ostler.Agent.Host;
using Ostler.Agent.Watchdog;

namespace Ostler.Agent.Tests.Support;

/// <summary>Soft reboots of the simulated host: what ostree prepares, and what systemd then does.</summary>
internal sealed partial class SimulatedOstree
{
    private int? _softReboots;
    private string? _softTarget;

    /// <summary>Why <c>prepare-soft-reboot</c> says no; null: it does not. Only this makes the host one that can soft-reboot.</summary>
    public string? SoftRebootRefusal { get; set; }

    /// <summary>Called for <c>systemctl soft-reboot</c>.</summary>
    public Action? SoftRebootRequested { get; set; }

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

    /// <summary>Somebody undoes the preparation behind the agent's back.</summary>
    public void ForgetSoftRebootTarget() => _softTarget = null;

    /// <summary>What a soft reboot does: the tree that it was prepared for is entered, the kernel, its boot ID and /run stay.</summary>
    public void SoftReboot()
    {
        lock (_gate)
        {
            for (var i = 0; i < _deployments.Count; i++)
            {
                _deployments[i] = _deployments[i] with { Booted = _softTarget is null ? _deployments[i].Booted : _deployments[i].Digest == _softTarget };
            }

            _softTarget = null;
            SoftReboots++;
        }
    }

    /// <summary>Merges /etc and makes the staged deployment the next boot's, as when the host goes down.</summary>
    private CommandResult Apply()
    {
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
            _host.PutFolder("/run/nextroot");
        });
}
