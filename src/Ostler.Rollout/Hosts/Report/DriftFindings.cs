using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Decisions;
using Ostler.Rollout.Hosts.Facts;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Hosts.Report;

/// <summary>How a host differs from its tree, told from what was seen. Pure.</summary>
public static class DriftFindings
{
    private const int Named = 5;
    private const int MaxMessage = 1024;

    /// <summary>Null: it differs in nothing.</summary>
    public static DriftStatus? Of(NodeOSSpec spec, HostState host)
    {
        if (host.Deployments.Booted is not { } booted)
        {
            return null;
        }

        DriftFinding[] findings = [.. Findings(spec, host, booted)];
        return findings is []
            ? null
            : new DriftStatus
            {
                Reason = findings[0].Reason,
                Findings = findings,
                EtcChanges = host.Drift.EtcChanges ?? 0,
                EtcFiles = host.Drift.EtcFiles is [] ? null : host.Drift.EtcFiles,
                Packages = booted.Packages is [] ? null : booted.Packages,
            };
    }

    /// <summary>
    /// The condition Drifted. Every host has files of its own in /etc, its name to begin with: these are counted and listed, and make no
    /// drift by themselves.
    /// </summary>
    public static ConditionReport Condition(DriftStatus? drift) => drift switch
    {
        null => new(ConditionStatus.False, Reasons.NoDrift, "Runs its image unchanged."),
        { Reason: Reasons.EtcChanged } => new(ConditionStatus.False, Reasons.EtcChanged, Text(drift)),
        _ => new(ConditionStatus.True, drift.Reason, Text(drift)),
    };

    private static string Text(DriftStatus drift) => string.Join(' ', drift.Findings!.Select(f => f.Message));

    private static IEnumerable<DriftFinding> Findings(NodeOSSpec spec, HostState host, HostDeployment booted)
    {
        if (spec.Image is { } image && booted.Digest != image.Digest && HasReached(spec))
        {
            yield return Finding(Reasons.UnexpectedTree, $"{AgentDecision.Name(booted)} runs instead of {AgentDecision.Name(image)}: another program booted it.", host.RevertMethod);
        }

        if (booted.Packages is { Count: > 0 } packages)
        {
            var names = MessageText.List(packages, Named);
            yield return Finding(Reasons.PackagesLayered, $"Packages were layered, replaced or removed (-) on the host: {names}.", host.RevertMethod);
        }

        if (booted.Mutated is { } how)
        {
            yield return Finding(Reasons.TreeUnlocked, $"/usr of the running image was made writable or changed ({how}).", host.RevertMethod);
        }

        if (spec.Image?.Ostree is { Url: { } wanted } remote && host.Drift.RemoteUrl is { } url && url.TrimEnd('/') != wanted.TrimEnd('/'))
        {
            yield return Finding(
                Reasons.RemoteChanged,
                url.Length == 0
                    ? $"The remote {remote.Remote} is missing on the host. The next upgrade adds it again."
                    : $"The host's remote {remote.Remote} has the URL {url}, not {wanted}. Ostler does not change it.",
                RevertMethod.Nothing);
        }

        if (host.Drift.EtcChanges is > 0 and var count)
        {
            yield return Finding(
                Reasons.EtcChanged, count == 1 ? "1 file in /etc differs from the image's defaults." : $"{count} files in /etc differ from the image's defaults.", RevertMethod.Nothing);
        }
    }

    /// <summary>
    /// Whether the node was on the image before: one that has not come to it yet is only outdated, and one that went back did so for a
    /// reason.
    /// </summary>
    private static bool HasReached(NodeOSSpec spec) =>
        (spec.Goal == Goal.Observe && spec.IsUpdated()) || (spec.Goal == Goal.Stage && (spec.IsReconciling() || spec.IsRebooting()));

    private static DriftFinding Finding(string reason, string message, RevertMethod undo) => new()
    {
        Reason = reason,
        Message = message.Length > MaxMessage ? message[..MaxMessage] : message,
        Reconcilable = reason is Reasons.PackagesLayered or Reasons.TreeUnlocked && undo != RevertMethod.Nothing,
    };
}
