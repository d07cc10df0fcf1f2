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
    /// <summary>A failure counts for its own release only, on whichever platform.</summary>
    /// <param name="failure">The record of a node.</param>
    /// <param name="target">What the policy leads to.</param>
    /// <param name="since">See <see cref="Since"/>.</param>
    public static bool Counts(NodeFailure? failure, TargetTrees? target, DateTimeOffset? since) =>
        failure is not null && target?.Includes(failure.Digest) == true && !(failure.At < since);

    /// <summary>
    /// From when on failures count: after the last retry, and not before the policy existed. What failed under a policy that was deleted is
    /// kept from nodes by the image's
    /// quarantine, not by the record of the new policy. Null: all count.
    /// </summary>
    public static DateTimeOffset? Since(PolicyFacts policy, UpgradePolicySpec spec)
    {
        var retried = spec.Rollout.RetryFailuresBefore?.AddTicks(1);
        return retried > policy.CreatedAt ? retried : policy.CreatedAt ?? retried;
    }

    /// <summary>
    /// Halted when more nodes failed than may, or when that was recorded before: a failed node that is replaced takes its record with it,
    /// and the rollout must not go on for that.
    /// </summary>
    public static FailureBudget Of(
        PolicyFacts policy, UpgradePolicySpec spec, TargetTrees? target, FleetIndex nodes, ImageFacts? image)
    {
        var allowed = spec.Rollback.MaxFailures.Of(nodes.Selected);
        if (target is null)
        {
            return FailureBudget.None with { Allowed = allowed };
        }

        var since = Since(policy, spec);
        var failed = 0;
        (string Node, NodeFailure Failure)? first = null;
        (string Node, NodeFailure Failure)? proof = null;
        DateTimeOffset? last = null;
        for (var i = 0; i < nodes.Count; i++)
        {
            if (nodes[i] is not { Failure: { } failure, Selected: true } node || !Counts(failure, target, since)
                || failure.Reason is Reasons.RolledBackByScope or Reasons.ReconcileFailed or Reasons.RebootFailed)
            {
                continue;
            }

            failed++;
            first = Earlier(first, node.Name, failure);
            proof = failure.Evidence is null ? proof : Earlier(proof, node.Name, failure);
            last = last is null || failure.At > last ? failure.At : last;
        }

        var recorded = (policy.PreviousStatus?.FailedDigests ?? [])
            .FirstOrDefault(d => d.Digest == target.Release.Digest && !(d.At <= spec.Rollout.RetryFailuresBefore));
        var allowedAgain = image?.Spec.Quarantine?.Allow?.Contains(target.Release.Digest) == true;
        return new(failed, allowed, failed > allowed || (recorded is not null && !allowedAgain), first, last ?? recorded?.At)
        {
            Proof = proof,
            // Records of earlier versions include what could not be staged.
            IsImageToBlame = proof is not null || (recorded is not null && recorded.Reason != Reasons.StagingFailed),
        };
    }

    private static (string Node, NodeFailure Failure) Earlier((string Node, NodeFailure Failure)? known, string node,
        NodeFailure failure) =>
        known is { } k && (k.Failure.At < failure.At || (k.Failure.At == failure.At && string.CompareOrdinal(k.Node, node) <= 0)) ? k
            : (node, failure);

    public static string HaltMessage(NodeImage target, FailureBudget failures) =>
        $"{WhatFailed(target, failures)} No other node is touched. "
        + (failures.IsImageToBlame ? "Release a fixed image, or run kubectl ostler retry if the image was not at fault."
            : "Nothing shows that the image is at fault: fix the nodes, then run kubectl ostler retry.");

    public static string WhatFailed(NodeImage target, FailureBudget failures) => failures.First is { } first
            ? $"{failures.Failed} {(failures.Failed == 1 ? "node" : "nodes")} failed on {MessageText.Of(target)} ({failures.Allowed} allowed), first {first.Node}: {first.Failure.Reason}."
            : $"{MessageText.Of(target)} failed on nodes that no longer exist.";
}
