using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;

namespace Ostler.Rollout.Plan;

/// <summary>How old the answer of a gate may be.</summary>
public static class GateRules
{
    public static readonly TimeSpan ShortestInterval = TimeSpan.FromSeconds(5);

    public static readonly TimeSpan LongestInterval = TimeSpan.FromHours(1);

    public static readonly TimeSpan ShortestTimeout = TimeSpan.FromSeconds(1);

    /// <summary>Shorter than <see cref="Freshness"/>: gates that are evaluated at the same time are all fresh when the last one
    /// answers.</summary>
    public static readonly TimeSpan LongestTimeout = TimeSpan.FromSeconds(20);

    /// <summary>No slot is granted on an answer that is older than this, or than its gate's interval.</summary>
    public static readonly TimeSpan Freshness = TimeSpan.FromSeconds(30);

    /// <summary>While a gate says the same, its status is renewed this often.</summary>
    public static readonly TimeSpan Renewal = TimeSpan.FromMinutes(5);

    /// <summary>Until when an answer of this moment may open the gate.</summary>
    public static DateTimeOffset FreshUntil(GateSpec gate, DateTimeOffset at) =>
        at + (gate.Interval.Value < Freshness ? gate.Interval.Value : Freshness);

    /// <summary>Whether something waits for a gate, by its reason.</summary>
    public static bool IsWaiting(string reason) =>
        reason is Reasons.GateClosed or Reasons.GateError or Reasons.GateMissing or Reasons.WaitingForGate;

    /// <summary>Whether it decides for each node by itself.</summary>
    public static bool IsOfNodes(GateSpec gate) => (gate.Pods?.Scope ?? gate.NodeConditions?.Scope) == GateScope.Node;
}
