using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Failures;
using Ostler.Rollout.OSImages;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;
using Ostler.Rollout.Validation;
using Ostler.Rollout.Windows;

namespace Ostler.Rollout.Planner;

/// <summary>Why no new slot is granted, whatever the budget: the first gate that is shut.</summary>
internal static class Gates
{
    public static RolloutGate? Find(
        RolloutSnapshot snapshot, IReadOnlyList<FieldProblem> problems, NodeImage? target, RolloutGate? targetGate, FailureBudget failures, WindowState window)
    {
        var (policy, image) = (snapshot.Policy, snapshot.Image);
        if (!policy.Exists)
        {
            return new(Reasons.Deleting, $"Policy {policy.Name} no longer exists. Its nodes are released.")
            {
                ReleasesSlots = true,
                WithdrawsStaging = true,
            };
        }

        if (problems is [var problem, ..])
        {
            return new(problem.Reason, $"{problem.Field}: {problem.Message}") { ReleasesSlots = true, NeedsPerson = true };
        }

        if (target is null)
        {
            return targetGate;
        }

        if (failures.Halted)
        {
            return new(Reasons.TooManyFailures, FailureRules.HaltMessage(target, failures))
            {
                ReleasesSlots = true,
                WithdrawsStaging = true,
                NeedsPerson = true,
            };
        }

        if (image is not null && OSImageStatusRules.IsQuarantined(image.Spec, image.Status, target.Digest))
        {
            return new(
                Reasons.ImageQuarantined,
                $"{MessageText.Of(target)} is quarantined. Release a fixed image, or allow the digest: "
                + $"kubectl ostler quarantine remove {image.Name} {MessageText.Shorten(target.Digest)}.")
            {
                ReleasesSlots = true,
                WithdrawsStaging = true,
                NeedsPerson = true,
            };
        }

        return policy.Spec!.Paused
            ? new(Reasons.Paused, $"Paused. Nodes stage, but none is disrupted. To continue, run kubectl ostler resume {policy.Name}.")
            {
                StagingAllowed = true,
            }
            : Dependencies.Check(snapshot) ?? window.Gate;
    }

    /// <summary>
    /// For nodes that go back though they are well: that disrupts them as an upgrade does, so a pause and closed windows hold for them, too. What halted the
    /// rollout does not, being why they go back; nor do the policies that it depends on.
    /// </summary>
    public static RolloutGate? FindBack(UpgradePolicySpec spec, WindowState window) => spec.Paused
        ? new(Reasons.Paused, "Paused. No node rolls back. To continue, run kubectl ostler resume.")
        : window.Gate;
}
