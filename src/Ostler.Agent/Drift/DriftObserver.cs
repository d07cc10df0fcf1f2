using Ostler.Agent.Backends.Ostree;
using Ostler.Agent.Host;
using Ostler.Agent.Logging;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Facts;

namespace Ostler.Agent.Drift;

/// <summary>
/// Looks at what costs a program and a walk through /etc: after each boot, when the image's remote is another one, and then once an hour.
/// Always in a pass that is made anyway, and only in one in which nothing is asked of the host: what an upgrade waits for must not wait for
/// this.
/// </summary>
internal sealed class DriftObserver(ICommandRunner runner, AgentLog log, TimeProvider time, Func<double> random)
{
    /// <summary>How long between two looks (±25%).</summary>
    internal static readonly TimeSpan Interval = TimeSpan.FromHours(1);

    private HostDrift? _known;
    private string? _boot;
    private string? _remote;
    private long _lookedAt;
    private TimeSpan _next;

    /// <summary>What is known now; looks when it is time to and <paramref name="os"/> asks for nothing.</summary>
    public async Task<HostDrift> ReadAsync(NodeOS os, HostBoot boot, CancellationToken cancellationToken)
    {
        if (boot.BootID != _boot)
        {
            // The first report of a boot, or of the agent, is not to be late for it.
            (_boot, _known) = (boot.BootID, null);
            return HostDrift.From(os.Status?.Drift);
        }

        var remote = os.Spec.Image?.Ostree;
        if (os.Spec.Goal == Goal.Observe && (_known is null || remote?.Remote != _remote || time.GetElapsedTime(_lookedAt) >= _next))
        {
            _known = await LookAsync(remote, cancellationToken);
            _remote = remote?.Remote;
            _lookedAt = time.GetTimestamp();
            _next = Interval * (0.75 + random() / 2);
        }

        return _known ?? HostDrift.From(os.Status?.Drift);
    }

    /// <summary>What cannot be found out is left open: it is no reason not to do the agent's work.</summary>
    private async Task<HostDrift> LookAsync(NodeOstreeImage? remote, CancellationToken cancellationToken)
    {
        var diff = new HostCommand("ostree", "admin", "config-diff");
        var result = await runner.RunAsync(diff, cancellationToken);
        var etc = result.Succeeded ? HostDrift.OfEtc(result.Stdout) : HostDrift.Unknown;
        if (!result.Succeeded)
        {
            log.Warning(Reasons.HostToolFailed, $"{diff}: {HostToolException.Trim(result.Stderr)} How /etc differs is unknown.");
        }

        if (remote is not { Url: not null } || !HostArguments.IsRemote(remote.Remote))
        {
            return etc;
        }

        var shown = await runner.RunAsync(new HostCommand("ostree", OstreeCommands.Repository, "remote", "show-url", remote.Remote), cancellationToken);
        return etc with { RemoteUrl = shown.Succeeded ? shown.Stdout.Trim() : shown.TimedOut ? null : "" };
    }
}
