using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Output;
using Ostler.Cli.Status;
using Ostler.Rollout.Text;
using Ostler.Rollout.Validation;
using Ostler.Rollout.Windows;

namespace Ostler.Cli.Doctor;

/// <summary>
/// Can each policy do its work: is it accepted, does it find its image, is a window ever open, does another select the same nodes?
/// </summary>
internal static class PolicyCheck
{
    public static IEnumerable<Finding> Look(ClusterFacts facts)
    {
        var policies = facts.Active.ToArray();
        if (policies.Length == 0)
        {
            yield return new(Severity.Note, "UpgradePolicies", "none exist, so nothing is upgraded.", "create one (config/samples has examples), and preview it with kubectl ostler plan -f policy.yaml");
            yield break;
        }

        var wrong = 0;
        foreach (var policy in policies)
        {
            foreach (var finding in Of(policy, facts).Concat(Windows(policy, facts)).Concat(GateCheck.Look(policy, facts.Now)))
            {
                wrong += finding.Severity >= Severity.Warning ? 1 : 0;
                yield return finding;
            }
        }

        foreach (var finding in Conflicts(policies, facts))
        {
            wrong++;
            yield return finding;
        }

        if (wrong == 0)
        {
            yield return new(Severity.Fine, "UpgradePolicies", $"{FindingText.Names(policies.Select(p => p.Metadata.Name))}: none is halted or stalled, in conflict, or without a window.");
        }
    }

    private static IEnumerable<Finding> Of(UpgradePolicy policy, ClusterFacts facts)
    {
        var (name, conditions) = (policy.Metadata.Name, policy.Status?.Conditions);
        var subject = $"UpgradePolicy {name}";
        // By itself too: there may be no controller that says so.
        if (SpecValidation.Validate(policy.Spec, facts.Now, facts.Namespace) is [var problem, ..])
        {
            yield return new(Severity.Broken, subject, $"it is not valid: {problem.Field}: {problem.Message}.", $"correct the field: kubectl edit upgradepolicy {name}");
        }
        else if (conditions.Find(ConditionTypes.Accepted) is { Status: ConditionStatus.False } refused)
        {
            yield return new(Severity.Broken, subject, $"it is not valid: {refused.Message}", $"correct the field: kubectl edit upgradepolicy {name}");
        }

        if (facts.Images.All(i => i.Metadata.Name != policy.Spec.ImageRef.Name))
        {
            yield return new(Severity.Broken, subject, $"OSImage {policy.Spec.ImageRef.Name} does not exist.", "create it, or correct spec.imageRef.name");
        }

        if (PolicyState.IsHalted(policy))
        {
            yield return new(Severity.Broken, subject, $"it is halted: {conditions.Find(ConditionTypes.Halted)!.Message}", $"check the failed nodes (kubectl ostler nodes {name}), then run kubectl ostler retry {name}, or release a fixed image");
        }
        else if (PolicyState.WaitsForApproval(policy) is { } wave)
        {
            yield return new(Severity.Note, subject, $"wave {wave} waits for approval.", $"run kubectl ostler approve {name}");
        }
        else if (PolicyState.IsStalled(policy) && !conditions.IsTrue(ConditionTypes.Conflicted) && conditions.Find(ConditionTypes.Accepted)?.Status != ConditionStatus.False)
        {
            yield return new(Severity.Warning, subject, $"nothing moves until a user acts: {conditions.Find(ConditionTypes.Stalled)!.Message}", $"run kubectl ostler status {name} to see which nodes are blocked, and why");
        }

        if (conditions.Find(ConditionTypes.Notified) is { Status: ConditionStatus.False } untold)
        {
            yield return new(
                Severity.Warning, subject, $"some notifications are not delivered: {untold.Message}",
                $"correct spec.notifications or the Secret that it names; kubectl ostler status {name} -o wide lists each notification");
        }

        if (policy.Spec.Paused)
        {
            yield return new(Severity.Note, subject, "it is paused.", $"run kubectl ostler resume {name}");
        }

        if (facts.Nodes.Count > 0 && !facts.Nodes.Any(n => policy.Spec.NodeSelector.Matches(n.Metadata.Labels)))
        {
            yield return new(Severity.Warning, subject, "spec.nodeSelector matches no node.", "compare it with kubectl get nodes --show-labels");
        }
    }

    private static IEnumerable<Finding> Windows(UpgradePolicy policy, ClusterFacts facts)
    {
        var now = facts.Now;
        // What is not valid is told of already.
        if (policy.Spec.Windows is null or { Count: 0 } && policy.Spec.Freezes is null or { Count: 0 } || SpecValidation.Validate(policy.Spec, now, facts.Namespace).Count > 0)
        {
            yield break;
        }

        var state = WindowState.Of(policy.Spec, policy.Status?.Durations?.Node, now);
        if (state is { Fits: false, Next: null })
        {
            yield return new(Severity.Broken, $"UpgradePolicy {policy.Metadata.Name}", $"no window ever opens for it: {state.Message}", "lengthen a window, correct its schedule or time zone, or shorten a freeze");
        }
        else if (state is { Fits: false, Next: { } next })
        {
            yield return new(Severity.Note, $"UpgradePolicy {policy.Metadata.Name}", $"closed until {Timestamp.Format(next)}, in {Format.Span(next - now)}.");
        }
    }

    private static IEnumerable<Finding> Conflicts(UpgradePolicy[] policies, ClusterFacts facts)
    {
        for (var i = 0; i < policies.Length; i++)
        {
            for (var j = i + 1; j < policies.Length; j++)
            {
                var (one, other) = (policies[i], policies[j]);
                var both = facts.Nodes.Where(n => one.Spec.NodeSelector.Matches(n.Metadata.Labels) && other.Spec.NodeSelector.Matches(n.Metadata.Labels)).Select(n => n.Name).ToArray();
                if (both.Length > 0)
                {
                    yield return new(
                        Severity.Broken, $"UpgradePolicies {one.Metadata.Name} and {other.Metadata.Name}", $"both select {FindingText.Names(both)}, so neither acts on {MessageText.Agree(both.Length, "it", "them")}.",
                        "narrow the nodeSelector of one of them");
                }
            }
        }
    }
}
