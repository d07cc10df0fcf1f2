using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Output;

namespace Ostler.Cli.Doctor;

/// <summary>
/// Is each gate open that a rollout waits for, and can it be evaluated? From what the controller reports, which evaluates gates while nodes
/// are outdated: it alone has the network and the rights for them.
/// </summary>
internal static class GateCheck
{
    /// <summary>As the alert: a gate that is closed for longer may never open by itself.</summary>
    private static readonly TimeSpan Long = TimeSpan.FromHours(2);

    public static IEnumerable<Finding> Look(UpgradePolicy policy, DateTimeOffset now)
    {
        foreach (var gate in policy.Status?.Gates ?? [])
        {
            var closedFor = gate.Since is { } since ? now - since : TimeSpan.Zero;
            var subject = $"UpgradePolicy {policy.Metadata.Name}, gate {gate.Name}";
            var span = $"for {Format.Span(closedFor)}";
            switch (gate.Reason)
            {
                case Reasons.GateError:
                    yield return new(Severity.Warning, subject, $"it cannot be evaluated, {span}: {gate.Message}",
                        "check address, credentials and network of what it asks, or set onError: Open");
                    break;
                case Reasons.GateMissing:
                    yield return new(Severity.Warning, subject, $"it finds nothing to judge, {span}: {gate.Message}",
                        "correct its query, selector or names: a typo keeps it closed forever");
                    break;
                case Reasons.GateClosed:
                    yield return new(
                        closedFor < Long ? Severity.Note : Severity.Warning, subject, $"it has been closed {span}: {gate.Message}",
                        "resolve what it reports; the rollout then continues on its own. To continue regardless, remove the gate from "
                            + "spec.gates");
                    break;
            }
        }
    }
}
