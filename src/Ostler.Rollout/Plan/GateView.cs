using Ostler.Api.Meta;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Health;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Plan;

/// <summary>A gate of the spec as it stands now.</summary>
/// <param name="Spec">The gate.</param>
/// <param name="Reason">GateOpen, GateClosed, GateError, GateMissing or WaitingForGate.</param>
/// <param name="Message">The answer, for people.</param>
internal sealed record GateView(GateSpec Spec, string Reason, string Message)
{
    private const int Named = 3;

    private IReadOnlyDictionary<string, GateAnswer>? _nodes;

    private DateTimeOffset _now;

    public string Name => Spec.Name;

    /// <summary>Whether it lets a slot be granted, as far as it holds for all nodes.</summary>
    public bool IsOpen => Reason == Reasons.GateOpen;

    /// <summary>When it was last evaluated; null: it was not.</summary>
    public DateTimeOffset? ObservedAt { get; private init; }

    /// <summary>Until when the answer may open anything.</summary>
    public DateTimeOffset FreshUntil { get; private init; }

    /// <summary>When it opens by time alone; null: it does not.</summary>
    public DateTimeOffset? OpensAt { get; private init; }

    /// <summary>When nodes for which it is closed get through by time alone.</summary>
    public DateTimeOffset? NodeOpensAt =>
        _nodes?.Values.Where(n => n.HeldSince is not null).Select(n => (DateTimeOffset?)n.HeldSince!.Value.After(Spec.For))
            .Where(at => at > _now).Min();

    /// <summary>The gate by its last evaluation.</summary>
    /// <param name="spec">The gate.</param>
    /// <param name="observation">What its evaluations have come to; null: it was not evaluated.</param>
    /// <param name="now">The controller's clock.</param>
    public static GateView Of(GateSpec spec, GateObservation? observation, DateTimeOffset now)
    {
        // A clock that was set back makes an answer of the future: nothing is known of the present.
        if (observation is null || observation.At > now)
        {
            return new(spec, Reasons.WaitingForGate, $"Gate {spec.Name} is being evaluated.") { _now = now };
        }

        // The runner's next try ends long before: one that died must not leave its last answer behind for ever.
        if (now - observation.At > (2 * spec.Interval.Value) + spec.Timeout.Value + GateRules.Freshness)
        {
            return new(spec, Reasons.WaitingForGate,
                $"Gate {spec.Name} is being evaluated again: its last answer is of {MessageText.Of(observation.At)}.")
            {
                _now = now,
                ObservedAt = observation.At,
            };
        }

        var (reason, message) = Judge(spec, observation.Whole, now);
        return new(spec, reason, message)
        {
            ObservedAt = observation.At,
            FreshUntil = GateRules.FreshUntil(spec, observation.At),
            OpensAt = observation.Whole.HeldSince?.After(spec.For) is { } at && at > now ? at : null,
            _nodes = observation.Nodes,
            _now = now,
        };
    }

    /// <summary>Why this node gets no slot though the gate is open as a whole; null: nothing against it.</summary>
    public (string Reason, string Message)? ClosedFor(string node)
    {
        if (!GateRules.IsOfNodes(Spec) || !IsOpen)
        {
            return null;
        }

        // One that joined since the last evaluation was not looked at.
        if (_nodes is null || !_nodes.TryGetValue(node, out var answer))
        {
            return (Reasons.WaitingForGate, $"Gate {Name} is being evaluated for this node.");
        }

        var (reason, message) = Judge(Spec, answer, _now);
        return reason == Reasons.GateOpen ? null : (reason, message);
    }

    /// <summary>The gate for these nodes, which wait for it: closed if it is closed for one of them.</summary>
    public GateView For(IEnumerable<string> nodes)
    {
        (string Node, string Reason, string Message)[] closed =
            [.. nodes.Select(n => (Node: n, Why: ClosedFor(n))).Where(n => n.Why is not null)
                .Select(n => (n.Node, n.Why!.Value.Reason, n.Why.Value.Message))];
        return closed.Length == 0 ? this : this with
        {
            Reason = closed[0].Reason,
            Message = $"{MessageText.Count(closed.Length, "node")} waiting: "
                + $"{MessageText.Clauses([.. closed.Select(c => $"{c.Node}: {c.Message.TrimEnd('.')}")], Named)}.",
        };
    }

    private static (string Reason, string Message) Judge(GateSpec spec, GateAnswer answer, DateTimeOffset now)
    {
        var words = MessageText.Sentence(answer.Finding.Message);
        if (answer.HeldSince is { } since)
        {
            var at = since.After(spec.For);
            return at > now
                ? (Reasons.GateClosed,
                    $"Gate {spec.Name} opens at {MessageText.Of(at)} if it holds for {spec.For} without interruption: {words}")
                : (Reasons.GateOpen, answer.Finding.Outcome == CheckOutcome.Error
                    ? $"Gate {spec.Name} cannot be evaluated and counts as open (onError: Open): {words}"
                        : $"Gate {spec.Name} is open: {words}");
        }

        return answer.Finding.Outcome switch
        {
            CheckOutcome.Error => (Reasons.GateError, $"Gate {spec.Name} cannot be evaluated: {words}"),
            CheckOutcome.Missing => (Reasons.GateMissing, $"Gate {spec.Name} finds nothing to judge: {words}"),
            CheckOutcome.False or CheckOutcome.Passed => (Reasons.GateClosed, $"Gate {spec.Name} is closed: {words}"),
        };
    }
}
