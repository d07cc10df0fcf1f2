using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Cli.Output;

namespace Ostler.Cli.Status;

/// <summary>How a policy stands, from its conditions.</summary>
internal static class PolicyState
{
    /// <summary>Ready, and for the present spec: a condition of the former one says nothing of what was just asked.</summary>
    public static bool IsReady(UpgradePolicy policy) => IsCurrent(policy) && policy.Status!.Conditions.IsTrue(ConditionTypes.Ready);

    public static bool IsHalted(UpgradePolicy policy) => policy.Status?.Conditions.IsTrue(ConditionTypes.Halted) == true;

    /// <summary>Nothing will move before a person acts.</summary>
    public static bool IsStalled(UpgradePolicy policy) => policy.Status?.Conditions.IsTrue(ConditionTypes.Stalled) == true;

    /// <summary>Whether the controller has looked at the present spec.</summary>
    public static bool IsCurrent(UpgradePolicy policy) => policy.Status is { } status && status.ObservedGeneration >= policy.Metadata.Generation;

    /// <summary>In one word.</summary>
    public static string Reason(UpgradePolicy policy) => policy switch
    {
        { Metadata.DeletionTimestamp: not null } => Reasons.Deleting,
        { Status: null } => "Unobserved",
        _ => policy.Status.Conditions.Find(ConditionTypes.Ready)?.Reason ?? "Unobserved",
    };

    public static Tone Tone(UpgradePolicy policy) =>
        IsReady(policy) ? Ostler.Cli.Output.Tone.Good
        : IsHalted(policy) ? Ostler.Cli.Output.Tone.Bad
        : IsStalled(policy) || policy.Spec.Paused || Reason(policy) == Reasons.NodesHeld ? Ostler.Cli.Output.Tone.Attention
        : Ostler.Cli.Output.Tone.Plain;

    /// <summary>The wave that waits for a person's word; null when none does.</summary>
    public static string? WaitsForApproval(UpgradePolicy policy) => policy.Status?.Waves?.FirstOrDefault(w => w.Reason == Reasons.WaitingForApproval)?.Name;
}
