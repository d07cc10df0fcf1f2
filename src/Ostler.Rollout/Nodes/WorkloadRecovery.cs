using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Rollout.Context;
using Ostler.Rollout.Drain;
using Ostler.Rollout.Plan;
using Ostler.Rollout.Snapshot;
using Ostler.Rollout.Text;

namespace Ostler.Rollout.Nodes;

/// <summary>Which workloads a drain displaces, and whether they are available again.</summary>
internal static class WorkloadRecovery
{
    private const int Most = 50;

    /// <summary>How often in a row the workloads may not be readable before a drain goes on without a record of them.</summary>
    private const int FailuresAllowed = 3;

    /// <summary>How old an answer may be that lets a slot go.</summary>
    public static readonly TimeSpan Fresh = TimeSpan.FromMinutes(1);

    /// <summary>How often workloads are asked for that are waited for.</summary>
    public static readonly TimeSpan Pace = TimeSpan.FromSeconds(5);

    /// <summary>How often those are asked for that are late.</summary>
    public static readonly TimeSpan SlowPace = TimeSpan.FromSeconds(30);

    /// <summary>How long after the uncordon they may take. Zero: they are not waited for.</summary>
    public static TimeSpan Timeout(UpgradePolicySpec spec) =>
        (spec.Health.Checks ?? []).Select(c => c.Workloads).FirstOrDefault(w => w is not null)?.Timeout ?? spec.Drain.WorkloadTimeout;

    public static bool IsOn(RolloutContext context) => Timeout(context.Spec) > TimeSpan.Zero;

    /// <summary>What must be written down before the first pod is evicted, or asked before that.</summary>
    /// <remarks>After the first eviction nobody can tell any more what was available before it: a crash must not lose it.</remarks>
    public static DisplacedRecord BeforeEviction(RolloutContext context, NodeView view, DrainPass pass)
    {
        if (!IsOn(context) || view.Spec.Displaced is not null)
        {
            return DisplacedRecord.Nothing;
        }

        var facts = view.Node.Workloads;
        if (facts is null || facts.At < view.Node.CordonedAt || facts.At > context.Now)
        {
            return Asks(context.Now);
        }

        if (facts.Error is not null)
        {
            // A right that is missing, or a server that is ill, must not keep nodes from being upgraded.
            return facts.Failures >= FailuresAllowed ? DisplacedRecord.Nothing : Asks(facts.At.After(Pace));
        }

        DisplacedWorkload[] displaced =
        [
            .. Distinct(facts).Where(w => w is { Replicas: > 0, Available: > 0 })
                .OrderBy(w => w.Namespace, StringComparer.Ordinal).ThenBy(w => w.Name, StringComparer.Ordinal).ThenBy(w => w.Kind, StringComparer.Ordinal)
                .Take(Most)
                .Select(w => new DisplacedWorkload { Kind = w.Kind, Namespace = w.Namespace, Name = w.Name, Available = w.Available }),
        ];
        return displaced.Length == 0 ? DisplacedRecord.Nothing : new(null, displaced);

        DisplacedRecord Asks(DateTimeOffset at) =>
            new(new Probe.Workloads(view.Node.Name, view.Node.Uid, at) { Of = [.. pass.Left, .. pass.Terminating] }, null);
    }

    /// <summary>Those that are not available again, for people; null: nobody has looked since <paramref name="notBefore"/>.</summary>
    public static IReadOnlyList<string>? Missing(NodeView view, DateTimeOffset notBefore, DateTimeOffset now)
    {
        if (view.Node.Workloads is not { Error: null } facts || facts.At < notBefore || facts.At > now)
        {
            return null;
        }

        var states = Distinct(facts).ToDictionary(w => (w.Kind, w.Namespace, w.Name));
        var missing = new List<string>();
        foreach (var workload in view.Spec.Displaced ?? [])
        {
            if (!states.TryGetValue((workload.Kind, workload.Namespace, workload.Name), out var state))
            {
                return null;
            }

            // Whoever scaled it down, or deleted it, meanwhile wants no more of it.
            var wanted = Math.Min(workload.Available, state.Replicas ?? 0);
            if (state.Available < wanted)
            {
                missing.Add($"{workload.Kind} {workload.Namespace}/{workload.Name} ({state.Available} of {wanted} available)");
            }
        }

        return missing;
    }

    // Of two words about one workload the worse one counts: to wait in vain is better than to go on too early.
    private static IEnumerable<WorkloadState> Distinct(WorkloadFacts facts) =>
        facts.Workloads.GroupBy(w => (w.Kind, w.Namespace, w.Name)).Select(g => g.MinBy(w => w.Available)!);

    public static Probe.Workloads Ask(NodeView view, DateTimeOffset at) =>
        new(view.Node.Name, view.Node.Uid, at) { Named = view.Spec.Displaced ?? [] };

    /// <summary>Whether the node's workloads are late, and nobody has said that the rollout may go on without them.</summary>
    public static bool IsLate(NodeView view, UpgradePolicySpec spec, DateTimeOffset now) =>
        view is { IsRecovering: true, Spec.Deadlines.Recovered: { } until } && until <= now && !(until <= spec.Rollout.RetryFailuresBefore)
        && Timeout(spec) > TimeSpan.Zero;

    /// <summary>
    /// No further node is taken while workloads of a former one are late: the next drain would displace what is left of them.
    /// </summary>
    public static RolloutGate? Gate(RolloutContext context)
    {
        var late = context.Nodes.Where(n => n is { OwesWorkloads: true, Selected: true }).Select(n => new NodeView(context, n.Facts)).Where(v => IsLate(v, context.Spec, context.Now)).Select(v => v.Node.Name)
            .Order(StringComparer.Ordinal).ToArray();
        return late.Length == 0
            ? null
            : new(
                Reasons.WorkloadsNotRecovered,
                $"Workloads that the drain of {MessageText.List(late)} displaced are not available again. No other node is disrupted until they are. "
                + "To continue without them, run kubectl ostler retry.")
            {
                StagingAllowed = true,
                NeedsPerson = true,
            };
    }
}

/// <summary>What has to happen before the first pod of a node is evicted.</summary>
/// <param name="Probe">Asked before anything is evicted; null: nothing needs to be known.</param>
/// <param name="Displaced">Written down before anything is evicted; null: there is nothing to write.</param>
internal readonly record struct DisplacedRecord(Probe? Probe, IReadOnlyList<DisplacedWorkload>? Displaced)
{
    public static DisplacedRecord Nothing => default;
}
