using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Context;
using Ostler.Rollout.Images;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Failures;

/// <summary>Which failures count, and when there are too many.</summary>
internal static class FailureRules
{
    /// <summary>A failure counts for its own release only, on whichever platform, and until a person asks for another try.</summary>
    public static bool Counts(NodeFailure? failure, TargetTrees? target, DateTimeOffset? retryBefore) =>
        failure is not null && target?.Includes(failure.Digest) == true && !(failure.At <= retryBefore);

    /// <summary>
    /// Halted when more nodes failed than may, or when that was recorded before: a failed node that is replaced takes its record with it,
    /// and the rollout must not go on for that.
    /// </summary>
    public static FailureBudget Of(
        UpgradePolicySpec spec, TargetTrees? target, FleetIndex nodes, ImageFacts? image, UpgradePolicyStatus? previous)
    {
        var allowed = spec.Rollback.MaxFailures.Of(nodes.Selected);
        if (target is null)
        {
            return FailureBudget.None with { Allowed = allowed };
        }

        var retryBefore = spec.Rollout.RetryFailuresBefore;
        var failed = 0;
        var treeRan = false;
        (string Node, NodeFailure Failure)? first = null;
        DateTimeOffset? last = null;
        for (var i = 0; i < nodes.Count; i++)
        {
            if (nodes[i] is not { Failure: { } failure, Selected: true } node || !Counts(failure, target, retryBefore) || failure.Reason is Reasons.RolledBackByScope or Reasons.ReconcileFailed)
            {
                continue;
            }

            failed++;
            treeRan |= failure.Reason != Reasons.StagingFailed;
            if (first is not { } f
                || failure.At < f.Failure.At
                || (failure.At == f.Failure.At && string.CompareOrdinal(node.Name, f.Node) < 0))
            {
                first = (node.Name, failure);
            }

            last = last is null || failure.At > last ? failure.At : last;
        }

        var recorded = (previous?.FailedDigests ?? []).FirstOrDefault(d => d.Digest == target.Release.Digest && !(d.At <= retryBefore));
        var allowedAgain = image?.Spec.Quarantine?.Allow?.Contains(target.Release.Digest) == true;
        return new(failed, allowed, failed > allowed || (recorded is not null && !allowedAgain), first, last ?? recorded?.At)
        {
            TreeRan = treeRan || (recorded is not null && recorded.Reason != Reasons.StagingFailed),
        };
    }

    public static string HaltMessage(NodeImage target, FailureBudget failures) =>
        $"{WhatFailed(target, failures)} No other node is touched. Release a fixed image, or run kubectl ostler retry if the image was not at fault.";

    public static string WhatFailed(NodeImage target, FailureBudget failures) => failures.First is { } first
            ? $"{failures.Failed} {(failures.Failed == 1 ? "node" : "nodes")} failed on {MessageText.Of(target)} ({failures.Allowed} allowed), first {first.Node}: {first.Failure.Reason}."
            : $"{MessageText.Of(target)} failed on nodes that no longer exist.";
}
