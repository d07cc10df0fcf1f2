using Ostler.Api.UpgradePolicies;

namespace Ostler.Rollout.Health;

/// <summary>What one evaluation of a gate found.</summary>
/// <param name="Whole">What holds for the gate as a whole. With the scope Node: whether the nodes could be looked at.</param>
/// <param name="Nodes">With the scope Node, what was found of each node; otherwise null.</param>
public readonly record struct GateFinding(CheckFinding Whole, IReadOnlyDictionary<string, CheckFinding>? Nodes = null);

/// <summary>An answer, and since when it has been yes without interruption.</summary>
/// <param name="Finding">The last answer.</param>
/// <param name="HeldSince">Since when it has counted as yes; null: it does not.</param>
public readonly record struct GateAnswer(CheckFinding Finding, DateTimeOffset? HeldSince)
{
    /// <summary>With one more finding.</summary>
    /// <param name="former">The answer before; null: there is none.</param>
    /// <param name="finding">What was found.</param>
    /// <param name="at">When.</param>
    /// <param name="onError">What an error means.</param>
    /// <param name="interrupted">Whether nobody looked for so long that nothing is known of the time between.</param>
    internal static GateAnswer After(
        GateAnswer? former, CheckFinding finding, DateTimeOffset at, GateErrorHandling onError, bool interrupted)
    {
        var holds = finding.Outcome switch
        {
            CheckOutcome.Passed => true,
            CheckOutcome.Error => onError == GateErrorHandling.Open,
            CheckOutcome.False or CheckOutcome.Missing => false,
        };
        return new(finding, !holds ? null : interrupted ? at : former?.HeldSince ?? at);
    }
}

/// <summary>
/// What the evaluations of a gate have come to. Kept in memory only: who loses it counts again from the next evaluation on, and until then
/// the gate opens nothing.
/// </summary>
/// <param name="Gate">The gate's name. What was found for a former spec of it is not given.</param>
/// <param name="At">When the last evaluation began, by the controller's clock.</param>
/// <param name="Whole">The answer for the gate as a whole.</param>
/// <param name="Nodes">With the scope Node, the answer for each node that was looked at; otherwise null.</param>
public sealed record GateObservation(
    string Gate, DateTimeOffset At, GateAnswer Whole, IReadOnlyDictionary<string, GateAnswer>? Nodes = null)
{
    /// <summary>An evaluation may begin this much late, and yet nothing was missed between it and the one before.</summary>
    private static readonly TimeSpan Slack = TimeSpan.FromSeconds(30);

    /// <summary>With one more evaluation.</summary>
    public static GateObservation After(GateObservation? former, GateSpec gate, GateFinding finding, DateTimeOffset at)
    {
        var interrupted = former is null || at < former.At || at - former.At > gate.Interval.Value + gate.Timeout.Value + Slack;
        return new(
            gate.Name, at, GateAnswer.After(former?.Whole, finding.Whole, at, gate.OnError, interrupted),
            finding.Nodes?.ToDictionary(
                n => n.Key,
                n => GateAnswer.After(
                    former?.Nodes?.TryGetValue(n.Key, out var before) == true ? before : null, n.Value, at, gate.OnError, interrupted),
                StringComparer.Ordinal));
    }

    /// <summary>Whether it says something else than before, other than that it still does.</summary>
    public bool IsNews(GateObservation? former) =>
        former is null || !Whole.Equals(former.Whole) || (Nodes is null) != (former.Nodes is null)
            || (Nodes is not null && !AreSame(Nodes, former.Nodes!));

    private static bool AreSame(IReadOnlyDictionary<string, GateAnswer> nodes, IReadOnlyDictionary<string, GateAnswer> former) =>
        nodes.Count == former.Count && nodes.All(n => former.TryGetValue(n.Key, out var before) && before.Equals(n.Value));
}
