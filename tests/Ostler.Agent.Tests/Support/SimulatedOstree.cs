using System.Text.Json;
using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Host;
using Ostler.Agent.Watchdog;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Tests.Support;

/// <summary>
/// ostree and systemd of one host, by their full command lines and as far as the agent uses them, in a given version. A command that it
/// does not know fails the test.
/// </summary>
internal sealed partial class SimulatedOstree : ICommandRunner
{
    private readonly TempHost _host;
    private readonly OstreeVersion _version;
    private readonly List<HostDeployment> _deployments;
    private readonly Dictionary<string, string> _failures = [];
    private readonly HashSet<string> _pretended = [];
    private readonly SimulatedUnits _units = new();
    private readonly Lock _gate = new();
    private readonly List<string> _ran = [];

    /// <param name="host">Its files.</param>
    /// <param name="version">Of ostree.</param>
    /// <param name="deployments">As <see cref="HostTrees.Deployments"/> reads them.</param>
    public SimulatedOstree(TempHost host, string version, string deployments)
    {
        _host = host;
        _version = OstreeVersion.Parse($"Version: '{version}'")!.Value;
        _deployments = [.. HostTrees.Deployments(deployments).All];
        Repository.UnionWith(_deployments.Select(d => d.Digest));
        if (_deployments.Any(d => d.Locked))
        {
            _host.Put(OstreeStatus.LockFile, "");
        }
    }

    public HashSet<string> Repository { get; } = [];

    public Dictionary<string, string> Remotes { get; } = [];

    public Dictionary<string, string> Refs { get; } = [];

    public string ConfigDiff { get; init; } = "";

    public bool IgnoresLock { get; init; }

    public string SystemState { get; set; } = "running";

    /// <summary>What greenboot's unit is, where its file is there.</summary>
    public string UnitFileState { get; set; } = "disabled";

    /// <summary>What the units of a check are.</summary>
    public string UnitState { get; set; } = "active";

    /// <summary>Lets a staging that an agent has begun go on and on.</summary>
    public void GoOnStaging()
    {
        _host.Put(StagingUnit.Fragment, "");
        _units.Staging = true;
    }

    /// <summary>Answers a command line before anything else does; for what takes its time.</summary>
    public Func<string, CancellationToken, Task>? Before { get; set; }

    /// <summary>Called after a command had its effect.</summary>
    public Func<string, CancellationToken, Task>? After { get; set; }

    /// <summary>How <c>systemctl reboot</c> ends.</summary>
    public int RebootExitCode { get; set; }

    /// <summary>Called for <c>systemctl reboot</c>.</summary>
    public Action? RebootRequested { get; set; }

    public bool WatchdogEnabled { get; private set; }

    public int Reboots { get; private set; }

    public IReadOnlyList<string> Ran
    {
        get
        {
            lock (_gate)
            {
                return [.. _ran];
            }
        }
    }

    /// <summary>The deployments as <see cref="HostTrees.Deployments"/> writes them, locks of both kinds included.</summary>
    public string List
    {
        get
        {
            lock (_gate)
            {
                return string.Join(' ', Seen().Select(d => $"{d.Digest[0] - 'a' + 1}{(d.Booted ? "*" : d.Locked ? "l" : d.Staged ? "s" : "")}"));
            }
        }
    }

    public OstreeBackend Backend() => new(new OstreeTools(_version, this, _host.Files, new StagingUnit(this, _host.Files, TimeProvider.System)));

    /// <summary>From now on every command that begins so, or has this word, fails with these words.</summary>
    public void Fail(string command, string stderr) => _failures[command] = stderr;

    public void Heal(string command) => _failures.Remove(command);

    /// <summary>From now on this command of ostree succeeds without doing anything.</summary>
    public void Pretend(string command) => _pretended.Add(command);

    public async Task<CommandResult> RunAsync(HostCommand command, CancellationToken cancellationToken)
    {
        if (await _units.TryRunAsync(command, RunAsync, cancellationToken) is { } answer)
        {
            return answer;
        }

        var line = command.ToString();
        lock (_gate)
        {
            _ran.Add(line);
        }

        if (Before is { } before)
        {
            await before(line, cancellationToken);
        }

        cancellationToken.ThrowIfCancellationRequested();
        CommandResult result;
        lock (_gate)
        {
            result = _failures.FirstOrDefault(f => line.Contains(f.Key, StringComparison.Ordinal)) is { Key: not null } failure
                ? new CommandResult(1, "", failure.Value)
                : Run(command.Program, command.Arguments, line);
        }

        if (After is { } after)
        {
            await after(line, cancellationToken);
        }

        return result;
    }

    /// <summary>
    /// What a shutdown and a boot do: a staged deployment that is not locked is applied, /run is wiped, the first deployment boots.
    /// </summary>
    public void Reboot(string bootID, bool finalize = true)
    {
        lock (_gate)
        {
            Reboots++;
            ForgetSoftRebootTarget();
            _bootComplete = false;
            if (_mounts > 0)
            {
                Mounts = 0;
            }

            if (_softReboots > 0)
            {
                SoftReboots = 0;
            }

            var seen = Seen();
            var staged = seen.FirstOrDefault(d => d.Staged);
            var others = _deployments.Where(d => !d.Staged).ToList();
            _deployments.Clear();
            if (finalize && staged is { Locked: false })
            {
                // Finalizing keeps the booted deployment and drops the others.
                _deployments.Add(staged with { Staged = false });
                _deployments.AddRange(others.Where(d => d.Booted || d.Pinned));
            }
            else
            {
                _deployments.AddRange(others);
            }

            for (var i = 0; i < _deployments.Count; i++)
            {
                _deployments[i] = _deployments[i] with { Booted = i == 0 };
            }

            _host.Files.Delete(OstreeStatus.LockFile);
            _host.Put("/proc/sys/kernel/random/boot_id", bootID + "\n");
        }
    }

    private List<HostDeployment> Seen()
    {
        var file = _host.Files.Exists(OstreeStatus.LockFile);
        return [.. _deployments.Select((d, index) => d with { Index = index, Locked = d.Staged && (file || (d.Locked && _version.HasLockFinalization)) })];
    }

    private CommandResult Run(string program, string[] words, string line) => (program, words) switch
    {
        ("ostree", ["--version"]) => Said($"libostree:\n Version: '{_version}'\n"),
        ("ostree", ["admin", "status", .. var options]) => Status(options),
        ("ostree", ["admin", "config-diff"]) => Said(ConfigDiff),
        ("ostree", ["admin", "deploy", "--stage", "--lock-finalization", "--origin-file=/run/ostler/origin", var commit]) => Deploy(commit, stage: true),
        ("ostree", ["admin", "deploy", var commit]) => Deploy(commit, stage: false),
        ("ostree", ["admin", "pin", var index]) => SetPin(index, true),
        ("ostree", ["admin", "pin", "--unpin", var index]) => SetPin(index, false),
        ("ostree", ["admin", "cleanup"]) => Said(""),
        ("ostree", ["admin", "undeploy", var index]) => Undeploy(int.Parse(index, System.Globalization.CultureInfo.InvariantCulture)),
        ("ostree", ["admin", "set-default", var index]) when _version.HasSetDefault => SetDefault(int.Parse(index, System.Globalization.CultureInfo.InvariantCulture)),
        ("ostree", ["admin", "lock-finalization", .. var options]) when _version.HasLockFinalization => SetLock(options is []),
        ("ostree", ["--repo=/ostree/repo", "remote", "show-url", var name]) =>
            Remotes.TryGetValue(name, out var url) ? Said(url + "\n") : Failed($"error: Remote \"{name}\" not found"),
        ("ostree", ["--repo=/ostree/repo", "remote", "add", "--if-not-exists", .., var name, var url]) => Done(() => Remotes.TryAdd(name, url)),
        ("ostree", ["--repo=/ostree/repo", "rev-parse", var name]) =>
            Refs.TryGetValue(name, out var commit) ? Said(commit + "\n") : Failed($"error: Refspec '{name}' not found"),
        ("ostree", ["--repo=/ostree/repo", "pull", .. [] or ["--timestamp-check"], var remote, var spec]) => Pull(remote, spec.Split('@')),
        ("ostree", ["--repo=/ostree/repo", "ls", "-C", _, "/usr/lib/modules"]) => Said("d00755 0 0 0 x y /usr/lib/modules\n"),
        ("unshare", [.., var commit]) when line.Contains(OstreeDeploy.OwnEtcScript, StringComparison.Ordinal) => Deploy(commit, stage: false),
        ("stat", _) => Said("1000000 4096\n"),
        ("systemctl", ["start", "ostree-finalize-staged.service"]) => Said(""),
        ("systemctl", ["stop", "ostree-finalize-staged.service"]) => Apply(),
        ("systemctl", ["stop", OstreeBootComplete.Unit]) => Done(() => _bootComplete = false),
        ("systemctl", ["restart", OstreeBootComplete.Unit]) => CompleteBoot(),
        ("ostree", ["admin", "prepare-soft-reboot", "--reset"]) when _version.HasSoftReboot => ResetSoftReboot(),
        ("ostree", ["admin", "prepare-soft-reboot", var index]) when _version.HasSoftReboot => PrepareSoftReboot(int.Parse(index, System.Globalization.CultureInfo.InvariantCulture)),
        ("systemctl", ["show", "--property=UnitFileState", "greenboot-healthcheck.service"]) => Said($"UnitFileState={UnitFileState}\n"),
        ("systemctl", ["soft-reboot"]) => Done(() => SoftRebootRequested?.Invoke()),
        ("/usr/bin/env", ["SYSTEMCTL_SKIP_AUTO_SOFT_REBOOT=1", "systemctl", "reboot", ..]) => Done(() => RebootRequested?.Invoke()),
        ("systemctl", ["is-system-running"]) => Said(SystemState + "\n"),
        ("systemctl", ["is-active", "--", .. var units]) => Said(string.Concat(units.Select(_ => UnitState + "\n"))),
        ("systemctl", ["reboot"]) => Done(() => RebootRequested?.Invoke()) with { ExitCode = RebootExitCode },
        ("systemctl", ["reboot", "--force"]) => Done(() => RebootRequested?.Invoke()),
        ("systemctl", ["daemon-reload"]) => Said(""),
        ("systemctl", ["enable", WatchdogUnits.Timer]) => Done(() => WatchdogEnabled = true),
        ("systemctl", ["disable", "--now", WatchdogUnits.Timer]) => Done(() => WatchdogEnabled = false),
        ("/usr/bin/env", [WatchdogUnits.Program, "--version"]) => Said(AgentVersion.Text + "\n"),
        ("journalctl", _) => Said(""),
        _ => throw new InvalidOperationException($"No such command on the simulated host: {line}"),
    };

    private CommandResult Status(string[] options)
    {
        var expected = _version.HasJsonStatus ? "--json" : _version.HasSkipSignatures ? "--skip-signatures" : "";
        if (string.Join(' ', options) != expected)
        {
            return Failed($"error: Unknown option {string.Join(' ', options)}");
        }

        // As the real ones do: 2022.7 does not tell a lock at all, newer versions only their own kind.
        var list = _deployments.Select((d, index) => d with { Index = index, Locked = d.Locked && _version.HasLockFinalization });
        return Said(_version.HasJsonStatus
            ? JsonSerializer.Serialize(new { deployments = list.Select(Json) })
            : string.Concat(list.Select(Text)));
    }

    private Dictionary<string, object?> Json(HostDeployment d) => new()
    {
        ["soft-reboot-target"] = d.Digest == _softTarget,
        ["checksum"] = d.Digest,
        ["stateroot"] = d.Stateroot,
        ["refspec"] = d.Reference,
        ["serial"] = d.Serial,
        ["booted"] = d.Booted,
        ["staged"] = d.Staged,
        ["pinned"] = d.Pinned,
        ["finalization-locked"] = d.Locked,
        ["version"] = d.Version,
    };

    private static string Text(HostDeployment d) =>
        Head(d) + (d.Pinned ? "    Pinned: yes\n" : "");

    private static string Head(HostDeployment d) =>
        $"{(d.Booted ? '*' : ' ')} {d.Stateroot} {d.Digest}.{d.Serial}{(d.Locked ? " (finalization locked)" : d.Staged ? " (staged)" : "")}\n    Version: {d.Version}\n";

    private CommandResult Deploy(string commit, bool stage)
    {
        if (!Repository.Contains(commit))
        {
            return Failed($"error: Checking out deployment tree: No such metadata object {commit}.commit");
        }

        if (_pretended.Contains("deploy"))
        {
            return Said("");
        }

        ForgetSoftRebootTarget();
        var serial = _deployments.Where(d => d.Digest == commit).Select(d => d.Serial + 1).DefaultIfEmpty(0).Max();
        _deployments.RemoveAll(d => d.Staged || (!stage && !d.Booted && !d.Pinned));
        _deployments.Insert(0, new HostDeployment
        {
            Index = 0,
            Stateroot = "edge",
            Digest = commit,
            Serial = serial,
            Version = $"{commit[0] - 'a' + 1}.0",
            Staged = stage,
            Locked = stage && !IgnoresLock,
        });
        if (stage && !IgnoresLock)
        {
            _host.Put(OstreeStatus.LockFile, "");
        }

        return Said("");
    }

    private CommandResult Undeploy(int index)
    {
        if (_deployments[index].Booted)
        {
            return Failed($"error: Cannot undeploy currently booted deployment {index}");
        }

        _deployments.RemoveAt(index);
        ForgetSoftRebootTarget();
        return Said("");
    }

    private CommandResult SetPin(string index, bool pinned) => Done(() =>
    {
        ForgetSoftRebootTarget();
        var at = int.Parse(index, System.Globalization.CultureInfo.InvariantCulture);
        _deployments[at] = _deployments[at] with { Pinned = pinned };
    });

    private CommandResult SetDefault(int index) => _pretended.Contains("set-default")
        ? Said("")
        : Done(() =>
        {
            var chosen = _deployments[index];
            _deployments.RemoveAt(index);
            _deployments.RemoveAll(d => d.Staged);
            _deployments.Insert(0, chosen);
            ForgetSoftRebootTarget();
        });

    private CommandResult SetLock(bool locked)
    {
        for (var i = 0; i < _deployments.Count; i++)
        {
            _deployments[i] = _deployments[i].Staged ? _deployments[i] with { Locked = locked } : _deployments[i];
        }

        return Said("");
    }

    private CommandResult Pull(string remote, string[] refAndCommit) => Done(() =>
    {
        Repository.Add(refAndCommit[1]);
        Refs[$"{remote}:{refAndCommit[0]}"] = refAndCommit[1];
        _host.Files.Delete($"/ostree/repo/state/{refAndCommit[1]}.commitpartial");
    });

    private static CommandResult Done(Action action)
    {
        action();
        return Said("");
    }

    private static CommandResult Said(string stdout) => new(0, stdout, "");

    private static CommandResult Failed(string stderr) => new(1, "", stderr + "\n");
}
