using Ostler.Agent.Host;
using Ostler.Agent.Logging;
using Ostler.Agent.Watchdog;
using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Rollout.Hosts.Decisions;
using Ostler.Rollout.Hosts.Facts;
using Ostler.Rollout.Nodes;

namespace Ostler.Agent.Reboot;

/// <summary>
/// Gets a host ready to enter its new tree by a soft reboot. Whatever is in the way leads to a full reboot, which nothing of this makes
/// impossible.
/// </summary>
internal sealed class SoftReboot(ICommandRunner runner, HostFiles files, ApplyRecordStore applies, HostWatchdog watchdog, AgentLog log)
{
    private static readonly string[] Targets = ["/usr/lib/systemd/system/soft-reboot.target", "/lib/systemd/system/soft-reboot.target"];

    /// <summary>Applies the tree that was unlocked and makes it the soft reboot's, if that is allowed and can be.</summary>
    /// <returns>How the host is to be rebooted, and the deployments as they are now.</returns>
    /// <exception cref="HostToolException">The host's tool no longer answers, the deployment cannot be applied, or it was applied without
    /// the watchdog that was asked for.</exception>
    public async Task<(NodeReboot How, HostDeployments Deployments)> PrepareAsync(
        NodeOS os, HostBoot boot, IHostBackend backend, HostDeployments deployments, HostDeployment next, CancellationToken cancellationToken)
    {
        var spec = os.Spec;
        var (method, why) = SoftRebootRules.Choose(await LookAsync(spec, boot, backend, deployments, next, cancellationToken));
        if (method != RebootKind.SoftReboot || backend.SoftReboot is not { } way)
        {
            return (Full(why), deployments);
        }

        if (next.Staged)
        {
            log.Info(Reasons.WaitingForReboot, "Applying the image before the soft reboot.");
            applies.Write(new ApplyRecord { NodeUid = os.Metadata.Uid!, Attempt = spec.Attempt, Target = next.Digest, BootID = boot.BootID });
            await way.ApplyAsync(cancellationToken);
            deployments = await backend.ReadAsync(cancellationToken);
            if (deployments.Staged is null && deployments.Find(next.Digest) is null)
            {
                // ostree drops what it could not finalize. The next pass reports this as the end of the attempt.
                throw new HostToolException(
                    Reasons.FinalizationFailed,
                    $"{AgentDecision.Name(next)} could not be applied: {(await backend.ExplainApplyAsync(cancellationToken)).Message ?? "the host gives no reason"}. The host is not rebooted.");
            }
        }

        if (deployments.Next is not { Staged: false } applied || applied.Digest != next.Digest)
        {
            // What applies it at shutdown was stopped for this, and runs again.
            await backend.UnlockAsync(cancellationToken);
            return (Full("the image could not be applied beforehand: see journalctl -u ostree-finalize-staged.service"), await backend.ReadAsync(cancellationToken));
        }

        watchdog.CheckApplied(spec, applied);
        try
        {
            await way.PrepareAsync(applied, cancellationToken);
        }
        catch (HostToolException refusal)
        {
            return (Full(HostToolException.Trim(refusal.Message)), deployments);
        }

        return (new NodeReboot { Method = RebootKind.SoftReboot }, deployments);
    }

    /// <summary>Costs a command only where a soft reboot is allowed.</summary>
    private async Task<SoftRebootFacts> LookAsync(
        NodeOSSpec spec, HostBoot boot, IHostBackend backend, HostDeployments deployments, HostDeployment next, CancellationToken cancellationToken)
    {
        var facts = new SoftRebootFacts { Asked = spec.RebootMethod };
        return facts.Asked is null or RebootMethod.Reboot
            ? facts
            : facts with
            {
                ChangesTree = deployments.Booted?.Digest != next.Digest,
                Counted = boot.SoftReboots is not null,
                HasTarget = Targets.Any(files.Exists),
                JudgedBy = await BootAssessment.WhoJudgesAsync(runner, files, cancellationToken),
                Refusal = backend.SoftReboot is { } way ? way.Refuse(next) : $"{backend.Name} has no soft reboot",
            };
    }

    private NodeReboot Full(string? why)
    {
        if (why is not null)
        {
            log.Info(Reasons.WaitingForReboot, $"The host reboots in full, not softly: {why}.");
        }

        return new NodeReboot { Method = RebootKind.Reboot, Message = why is null ? null : why.Length > 1024 ? why[..1024] : why };
    }
}
