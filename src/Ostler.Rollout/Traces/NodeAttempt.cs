using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;

namespace Ostler.Rollout.Traces;

/// <summary>One attempt at one node, at the moment of a write: which of its steps are over, and how they ended.</summary>
internal sealed class NodeAttempt
{
    private readonly PolicyFacts _policy;
    private readonly NodeFacts _node;
    private readonly NodeOSSpec _old;
    private readonly NodeAction.ApplySpec _write;
    private readonly DateTimeOffset _now;
    private readonly SpanIdentity _root;

    // The spec that says which attempt it is.
    private readonly NodeOSSpec _of;

    // By the node's clock, and of this attempt; null: the agent has said nothing of it.
    private readonly NodeTimings? _timings;
    private readonly bool _booted;

    private NodeAttempt(PolicyFacts policy, NodeFacts node, NodeOSFacts os, NodeOSSpec of, NodeAction.ApplySpec write, DateTimeOffset now, SpanIdentity root)
    {
        (_policy, _node, _old, _of, _write, _now, _root) = (policy, node, os.Spec, of, write, now, root);
        var reports = os.Status is { } status && status.Attempt == of.Attempt;
        _timings = reports ? os.Status!.Timings : null;
        _booted = reports && os.Status!.BootSessionID() is { } boot && os.Spec.Previous?.BootSessionID() is { } former && boot != former;
    }

    /// <param name="policy">The policy.</param>
    /// <param name="node">The node as it was.</param>
    /// <param name="os">Its NodeOS as it was.</param>
    /// <param name="write">What was written.</param>
    /// <param name="now">When.</param>
    /// <param name="begun">Whether the write begins the attempt, and not only goes on with it.</param>
    /// <returns>Null when the write is of no attempt.</returns>
    public static NodeAttempt? Of(PolicyFacts policy, NodeFacts node, NodeOSFacts os, NodeAction.ApplySpec write, DateTimeOffset now, bool begun)
    {
        var of = begun ? write.Spec : os.Spec;

        // A tree that the host had all along, or an attempt that is long over.
        return TraceIdentity.OfNode(node.Uid, of) is { } root ? new(policy, node, os, of, write, now, root) : null;
    }

    /// <summary>Whether the write ends the attempt. A node that keeps its slot for its workloads is not done yet.</summary>
    public bool IsOver => (_old.Goal, _write.Spec.Goal) switch
    {
        (Goal.Observe, Goal.Observe) => _old.IsRecovering() && !_write.Spec.IsRecovering(),
        (Goal.Observe, Goal.Stage or Goal.Boot or Goal.Rollback) => false,
        (Goal.Stage or Goal.Boot or Goal.Rollback, Goal.Observe) => !_write.Spec.IsRecovering(),
        (Goal.Stage or Goal.Boot or Goal.Rollback, Goal.Stage or Goal.Boot or Goal.Rollback) => _write.Spec.Attempt > _old.Attempt,
    };

    // A node that only reboots keeps the record of the upgrade before.
    private NodeUpgrade? LastUpgrade => _old.IsRebooting() ? null : _old.LastUpgrade;

    private NodeFailure? Failure => _write.Spec.Failure is { } failure && failure.Attempt == _of.Attempt ? failure : null;

    /// <summary>How what is under way ends now: going on, the next step, or giving up.</summary>
    private SpanResult Result => Failure is not null || _write.IsWarning ? SpanResult.Error : SpanResult.Ok;

    public IEnumerable<SpanFacts> Staging()
    {
        if (_timings is not { StagingStartedAt: { } began })
        {
            yield break;
        }

        if (_timings.StagedAt is { } staged)
        {
            yield return Step("stage", began, staged, SpanResult.Ok, Reasons.Staged, null);
        }
        else
        {
            yield return Step("stage", began, _now, GivenUp, _write.Reason, _write.Message);
        }
    }

    public IEnumerable<SpanFacts> Drain()
    {
        if (_node is { CordonedAt: { } cordoned, CordonedBy: { } by } && by == _of.Policy)
        {
            var goesOn = _write.Spec.Goal is Goal.Boot or Goal.Rollback;

            // Told to boot by force, or with volumes attached, is a warning and no failure.
            yield return Step("drain", cordoned, _write.Spec.BootRequestedAt ?? _now, goesOn ? SpanResult.Ok : GivenUp, _write.Reason, _write.Message);
        }
    }

    public IEnumerable<SpanFacts> Boot()
    {
        if (_old.BootRequestedAt is not { } requested)
        {
            yield break;
        }

        var healthy = _old.HealthySince;
        if (healthy is { } since)
        {
            if (_write.Spec.HealthySince != since || _write.Spec.Goal != Goal.Boot)
            {
                yield return Step("soak", since, _now, Result, _write.Reason, _write.Message);
            }

            yield break;
        }

        if (_write.Spec.Goal == Goal.Boot && _write.Spec.HealthySince is null)
        {
            // Deadlines that move end nothing.
            yield break;
        }

        if (!_booted)
        {
            yield return Step("boot", requested, _now, Result, _write.Reason, _write.Message);
            yield break;
        }

        // The kernel's start is by the node's clock; the rest is by the controller's. It lies between the two that enclose it, whatever
        // that clock shows.
        var end = _write.Spec.HealthySince ?? _now;
        var booted = Clamp(_timings?.BootedAt ?? requested, requested, end);
        yield return Step("boot", requested, booted, SpanResult.Ok, Reasons.WaitingForHostChecks, null);
        yield return Step("verify", booted, end, Result, _write.Reason, _write.Message);
    }

    public IEnumerable<SpanFacts> Rollback()
    {
        if (_old.BootRequestedAt is { } requested)
        {
            var back = _write.Reason is Reasons.RolledBack or Reasons.WaitingForWorkloads;
            yield return Step("rollback", requested, _now, back ? SpanResult.Ok : SpanResult.Error, _write.Reason, _write.Message);
        }
    }

    public IEnumerable<SpanFacts> Recovery()
    {
        // When a node that went back was uncordoned is written nowhere.
        if (IsOver && LastUpgrade is { CompletedAt: var completed } && Failure is null)
        {
            yield return Step("recover", completed, _now, _write.IsWarning ? SpanResult.Error : SpanResult.Ok, _write.Reason, _write.Message);
        }
    }

    /// <summary>
    /// The span of the whole attempt, and the one that stands for it in the trace of the rollout. Each is linked with the other.
    /// </summary>
    public IEnumerable<SpanFacts> Whole()
    {
        DateTimeOffset?[] began =
        [
            _timings?.StagingStartedAt, _node.CordonedBy == _of.Policy ? _node.CordonedAt : null, _old.GrantedAt, LastUpgrade?.GrantedAt,
                _old.BootRequestedAt,
        ];
        var rollout = TraceIdentity.OfRollout(_policy.Uid, _policy.PreviousStatus);
        var whole = new SpanFacts
        {
            Id = _root,
            Name = NodeSpans.Upgrade,
            StartedAt = began.Min() is { } first && first < _now ? first : _now,
            EndedAt = _now,
            Result = Failure is not null ? SpanResult.Error : GivenUp,
            Reason = Failure?.Reason ?? _write.Reason,
            Message = Failure?.Message ?? _write.Message,
            Attributes = Attributes,
            Links = rollout is { } of ? [of] : [],
        };
        yield return whole;
        if (rollout is { } parent)
        {
            yield return whole with
            {
                Id = parent.Child($"{NodeSpans.Node}/{_node.Name}", whole.StartedAt, whole.EndedAt),
                ParentSpanId = parent.SpanId,
                Name = NodeSpans.Node,
                Links = [_root],
            };
        }
    }

    /// <summary>
    /// A node that is given back because something else is wanted of it has not failed; one that is left alone for a while has.
    /// </summary>
    private SpanResult GivenUp => Failure is not null || _write.IsWarning ? SpanResult.Error : IsUpdated ? SpanResult.Ok : SpanResult.Unset;

    private bool IsUpdated => _write.Spec.Goal == Goal.Observe && _write.Spec is { Failure: null, Backoff: null } && _write.Reason is Reasons.Updated or Reasons.WaitingForWorkloads;

    private SpanFacts Step(string name, DateTimeOffset from, DateTimeOffset to, SpanResult result, string reason, string? message)
    {
        var end = to < from ? from : to;
        return new()
        {
            Id = _root.Child(name, from, end),
            ParentSpanId = _root.SpanId,
            Name = name,
            StartedAt = from,
            EndedAt = end,
            Result = result,
            Reason = reason,
            Message = message,
            Attributes = Attributes,
        };
    }

    private IReadOnlyList<KeyValuePair<string, object>> Attributes =>
    [
        new("ostler.policy", _of.Policy ?? ""),
        new("k8s.node.name", _node.Name),
        new("k8s.node.uid", _node.Uid),
        new("ostler.digest", _of.Image?.Digest ?? ""),
        new("ostler.version", _of.Image?.Version ?? ""),
        new("ostler.attempt", _of.Attempt),
    ];

    private static DateTimeOffset Clamp(DateTimeOffset time, DateTimeOffset least, DateTimeOffset most) => time < least ? least : time > most ? most : time;
}
