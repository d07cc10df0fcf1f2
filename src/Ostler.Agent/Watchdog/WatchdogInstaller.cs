using System.Security.Cryptography;
using Ostler.Agent.Host;
using Ostler.Api.Meta;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Watchdog;

/// <summary>
/// Puts the watchdog onto the host, as this very version has it, and takes it off again. Both can be repeated, also after having been
/// killed anywhere.
/// </summary>
internal sealed class WatchdogInstaller(ICommandRunner runner, HostFiles files, Func<byte[]> program)
{
    private static readonly string[] PrepareRootConfigurations = ["/etc/ostree/prepare-root.conf", "/run/ostree/prepare-root.conf", "/usr/lib/ostree/prepare-root.conf"];

    /// <summary>Whether anything of it is on the host.</summary>
    public bool IsInstalled => files.Exists(WatchdogUnits.Program) || files.Exists(WatchdogUnits.TimerPath) || files.Exists(WatchdogUnits.ServicePath);

    /// <exception cref="HostToolException">DiskFull; WatchdogUnavailable: the host does not run it, or would not have it after a
    /// reboot.</exception>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        if (PrepareRootConfigurations.Any(path => HasTransientEtc(files.Read(path))))
        {
            throw Unavailable("the host's /etc is transient (prepare-root.conf), so the new image would not have its units");
        }

        try
        {
            EnsureProgram();
            await CheckItRunsAsync(cancellationToken);
            if (EnsureText(WatchdogUnits.ServicePath, WatchdogUnits.ServiceText) | EnsureText(WatchdogUnits.TimerPath, WatchdogUnits.TimerText))
            {
                await runner.RunAsync(new HostCommand("systemctl", "daemon-reload"), cancellationToken);
            }
        }
        catch (HostToolException e) when (e.Reason == Reasons.DiskFull)
        {
            // Room is the answer, and not to do without a watchdog.
            throw new HostToolException(Reasons.DiskFull, $"The watchdog cannot be installed: {e.Message}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or HostToolException { Reason: Reasons.HostToolFailed })
        {
            throw Unavailable(e.Message);
        }

        // Enabled and not started: in this boot there is nothing to watch.
        var enable = new HostCommand("systemctl", "enable", WatchdogUnits.Timer);
        var result = await runner.RunAsync(enable, cancellationToken);
        if (!result.Succeeded)
        {
            throw Unavailable($"{enable}: {HostToolException.Trim(result.Stderr)}");
        }
    }

    /// <summary>A tree that was applied before its reboot was ordered has the /etc of that time.</summary>
    /// <exception cref="HostToolException">WatchdogUnavailable: the tree would boot without the watchdog.</exception>
    public void CheckApplied(HostDeployment next)
    {
        var etc = $"/ostree/deploy/{next.Stateroot}/deploy/{next.Commit}.{next.Serial}";
        if (!files.Exists(etc + WatchdogUnits.TimerPath))
        {
            throw Unavailable("the new image was applied before the watchdog was installed and would boot without it. Stage it again, or set spec.rollback.watchdog to 0s");
        }
    }

    /// <summary>Removes units and program. The record goes before, or there is none.</summary>
    public async Task RemoveAsync(CancellationToken cancellationToken)
    {
        if (!IsInstalled)
        {
            return;
        }

        await runner.RunAsync(new HostCommand("systemctl", "disable", "--now", WatchdogUnits.Timer), cancellationToken);
        files.Delete(WatchdogUnits.TimerPath);
        files.Delete(WatchdogUnits.ServicePath);
        await runner.RunAsync(new HostCommand("systemctl", "daemon-reload"), cancellationToken);

        // Last, so that no unit is left without its program.
        files.Delete(WatchdogUnits.Program);
    }

    private void EnsureProgram()
    {
        var own = program();
        if (files.ReadBytes(WatchdogUnits.Program) is not { } present || !SHA256.HashData(present).AsSpan().SequenceEqual(SHA256.HashData(own)))
        {
            files.WriteProgram(WatchdogUnits.Program, own);
        }
    }

    /// <summary>
    /// A file system mounted noexec, another C library, another processor: whatever it is, it shows here and not in the boot that depends
    /// on it.
    /// </summary>
    private async Task CheckItRunsAsync(CancellationToken cancellationToken)
    {
        var command = new HostCommand("/usr/bin/env", WatchdogUnits.Program, "--version");
        var result = await runner.RunAsync(command, cancellationToken);
        if (!result.Succeeded || result.Stdout.Trim() != AgentVersion.Text)
        {
            throw Unavailable($"{command} does not run on the host: {HostToolException.Trim(result.Stderr.Length > 0 ? result.Stderr : result.Stdout)}");
        }
    }

    private bool EnsureText(string path, string text)
    {
        if (files.Read(path) == text.Trim())
        {
            return false;
        }

        files.Write(path, text);
        return true;
    }

    /// <summary>As in <c>[etc]</c>, <c>transient = true</c>.</summary>
    internal static bool HasTransientEtc(string? configuration)
    {
        var section = "";
        foreach (var raw in (configuration ?? "").Split('\n'))
        {
            var line = raw.Trim();
            if (line.StartsWith('['))
            {
                section = line;
            }
            else if (section == "[etc]" && line.Split('=', 2, StringSplitOptions.TrimEntries) is ["transient", "true" or "yes" or "1"])
            {
                return true;
            }
        }

        return false;
    }

    private static HostToolException Unavailable(string why) =>
        new(Reasons.WatchdogUnavailable, $"The watchdog cannot be installed: {HostToolException.Trim(why)}. To go without, set spec.rollback.watchdog: 0s.");
}
