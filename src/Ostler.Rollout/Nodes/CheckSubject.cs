using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Rollout.Context;
using Ostler.Rollout.Health;
using Ostler.Rollout.Snapshot;

namespace Ostler.Rollout.Nodes;

/// <summary>A node whose checks the controller is to run, from now on and until it is not told of any more.</summary>
public sealed record CheckSubject
{
    public required string Node { get; init; }

    /// <summary>What was found in a former attempt, in a former boot or on a former Node of this name says nothing.</summary>
    public required CheckEpoch Epoch { get; init; }

    /// <summary>Its internal IP, for <c>{address}</c>.</summary>
    public string? Address { get; init; }

    /// <summary>When it booted, by its own clock, for conditions that must be younger; null: not known.</summary>
    public DateTimeOffset? BootedAt { get; init; }

    /// <summary>The controller's checks, and no others.</summary>
    public required IReadOnlyList<HealthCheck> Checks { get; init; }

    /// <summary>What was written down for checks of pods.</summary>
    public IReadOnlyList<ReadyPods>? ReadyBefore { get; init; }

    /// <summary>
    /// What would be checked of a node in its present boot; null when it has not come up from the boot that it was told to make.
    /// </summary>
    /// <param name="node">The node.</param>
    /// <param name="checks">The checks of its policy; those that others run are left out.</param>
    public static CheckSubject? Of(NodeFacts node, IReadOnlyList<HealthCheck>? checks) =>
        node is { Deleting: false, OS: { Spec: { Goal: Goal.Boot } spec, Status: { } status } }
        && status.Attempt == spec.Attempt && status.BootSessionID() is { } boot && spec.Previous?.BootSessionID() is { } before && boot != before
            ? new()
            {
                Node = node.Name,
                Epoch = new(node.Uid, spec.Attempt, boot),
                Address = node.Address,
                BootedAt = status.Timings?.BootedAt?.TruncateToSeconds(),
                Checks = [.. (checks ?? []).Where(static c => CheckKinds.RunnerOf(c) == CheckRunner.Controller)],
                ReadyBefore = spec.ReadyBefore,
            }
            : null;

    /// <summary>
    /// The nodes that are verified: told to boot, up with the ordered tree, and their kubelet reports from that boot. Before that a check
    /// would measure the reboot.
    /// </summary>
    internal static IReadOnlyList<CheckSubject> Find(RolloutContext context)
    {
        var checks = context.Snapshot.Policy.Spec?.Health.Checks;
        return checks?.Any(static c => CheckKinds.RunnerOf(c) == CheckRunner.Controller) != true
            ? []
            :
            [
                .. context.Snapshot.Nodes.Where(static n => n.OS?.Spec.Goal == Goal.Boot).Select(n => (View: new NodeView(context, n), Subject: Of(n, checks)))
                    .Where(s => s.Subject is not null && s.View.OwnedByPolicy && s.View.Runs(s.View.Spec.Image?.Digest) && Verification.KubeletIsReady(s.View).Passed)
                    .Select(s => s.Subject!),
            ];
    }
}

/// <summary>The boot that checks are about.</summary>
public readonly record struct CheckEpoch(string NodeUid, long Attempt, string BootID);
