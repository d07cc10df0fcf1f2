using Ostler.Api.NodeOSes;
using Ostler.Api.UpgradePolicies;
using Ostler.Simulation;

namespace Ostler.Rollout.Tests.Simulation;

/// <summary>
/// The invariants of the pace, as a person with a calendar and a list of the nodes would check them: 7 for windows, freezes and waves; 11
/// for zones; 12 for the control plane.
/// </summary>
internal sealed class PaceInvariants(Action<int, string, bool, string> require, Action<string> count)
{
    /// <summary>The waves that were seen done with a tree: nodes that join later do not undo it.</summary>
    private readonly HashSet<(string Policy, string Digest, string Wave)> _done = [];

    /// <summary>At each look of the controller.</summary>
    public void Observe(SimulatedWorld world, SimulatedPolicy policy)
    {
        if (policy.Spec is not { Rollout.Waves: { } waves } spec || world.Image.Status?.Resolved?.Digest is not { } target)
        {
            return;
        }

        var selected = world.Nodes.Where(n => spec.NodeSelector.Matches(n.Labels)).ToArray();
        for (var i = 0; i < waves.Count; i++)
        {
            if (IsDone(world, policy, spec, waves, i, selected, target))
            {
                _done.Add((policy.Name, target, waves[i].Name));
            }
        }
    }

    public void JudgeGrants(SimulatedWorld world, SimulatedPolicy policy, UpgradePolicySpec spec, SimulatedNode[] selected, SimulatedNode[] granted, string target)
    {
        var opened = world.Now < spec.Rollout.OpenUntil;
        var frozen = !(opened && spec.Rollout.IgnoreFreezes) && (spec.Freezes ?? []).Any(f => f.From <= world.Now && world.Now < f.To);
        require(7, policy.Name, !frozen, "grants a slot in a freeze");
        require(7, policy.Name, spec.Windows is not { Count: > 0 } windows || opened || windows.Any(w => IsOpen(w, world.Now)),
            "grants a slot outside of its windows");
        Count(opened && spec.Windows is { Count: > 0 }, "grant in an opened window");
        Count(spec.Windows is { Count: > 0 }, "grant in a window");
        JudgeRoom(world, policy, spec, selected, target);

        // Those that run the target already go back: waves say who goes forward.
        JudgeWaves(world, policy, spec, selected, [.. granted.Where(n => !Runs(n, target))], target);
        JudgeDomains(world, policy, spec, granted);
        JudgeControlPlane(world, policy, granted);
    }

    // What is begun must be expected to be done before the window closes, or a freeze begins.
    private void JudgeRoom(SimulatedWorld world, SimulatedPolicy policy, UpgradePolicySpec spec, SimulatedNode[] selected, string target)
    {
        DateTimeOffset[] ends =
        [
            .. (spec.Freezes ?? []).Select(f => Begins(spec, world.Now, f)).OfType<DateTimeOffset>(),
            .. spec.Windows is { Count: > 0 } windows ? [ClosesAt(windows, world.Now, spec.Rollout.OpenUntil)]
                : Array.Empty<DateTimeOffset>(),
        ];
        if (ends.Length > 0)
        {
            var expected = Expected(policy, spec, selected, target);
            require(
                7, policy.Name, ends.Min() - world.Now >= expected, $"grants a slot although a node takes {expected} and {ends.Min() - world.Now} are left");
            count("grant with an end in sight");
        }
    }

    // The mean of those that went through with this tree, of those with the former one until then, or what a person has declared.
    private static TimeSpan Expected(SimulatedPolicy policy, UpgradePolicySpec spec, SimulatedNode[] selected, string target)
    {
        var through = selected.Select(n => n.OS?.Spec).Where(s => s is { Goal: Goal.Observe, Failure: null, LastUpgrade.GrantedAt: not null } && s.Image?.Digest == target)
            .Select(s => (s!.LastUpgrade!.CompletedAt - s.LastUpgrade.GrantedAt!.Value).TotalSeconds).Where(t => t >= 0).ToArray();
        var mean = through.Length > 0 ? TimeSpan.FromSeconds(Math.Round(through.Average())) : policy.Status?.Durations?.Node?.Average.Value;
        if (mean is not { } measured)
        {
            return spec.Rollout.NodeDuration;
        }

        var half = spec.Windows is { Count: > 0 } windows ? windows.Max(w => w.Duration.Value) / 2 : TimeSpan.MaxValue;
        return measured < half ? measured : half;
    }

    // One that is ignored now begins when it no longer is.
    private static DateTimeOffset? Begins(UpgradePolicySpec spec, DateTimeOffset now, Freeze freeze)
    {
        if (!spec.Rollout.IgnoreFreezes || !(now < spec.Rollout.OpenUntil))
        {
            return freeze.From > now ? freeze.From : null;
        }

        var from = freeze.From < spec.Rollout.OpenUntil.Value ? spec.Rollout.OpenUntil.Value : freeze.From;
        return from < freeze.To ? from : null;
    }

    // One that opens before the present one closes goes on.
    private static DateTimeOffset ClosesAt(IReadOnlyList<MaintenanceWindow> windows, DateTimeOffset now, DateTimeOffset? openUntil)
    {
        var starts = windows.SelectMany(w => Cronos.CronExpression.Parse(w.Schedule)
            .GetOccurrences(now - w.Duration.Value, now.AddDays(1), TimeZoneInfo.FindSystemTimeZoneById(w.TimeZone), fromInclusive: false)
            .Select(from => (From: from, Until: from + w.Duration.Value)))
            .Concat(openUntil is { } opened && opened > now ? [(From: now, Until: opened)]
                : Array.Empty<(DateTimeOffset From, DateTimeOffset Until)>())
            .OrderBy(w => w.From);
        var end = now;
        foreach (var (from, until) in starts)
        {
            end = from <= end && until > end ? until : end;
        }

        return end;
    }

    private void JudgeWaves(SimulatedWorld world, SimulatedPolicy policy, UpgradePolicySpec spec, SimulatedNode[] selected, SimulatedNode[] granted, string target)
    {
        if (spec.Rollout.Waves is not { Count: > 0 } waves)
        {
            return;
        }

        // The granted ones that no selector matches take the next places in the queue.
        var place = selected.Count(n => BySelector(waves, n) is null && IsTouched(world, policy, n, target));
        foreach (var node in granted)
        {
            var wave = BySelector(waves, node) ?? ByPlace(waves, selected.Length, place++);
            Count(wave > 0, "grant in a later wave");
            for (var former = 0; former < wave; former++)
            {
                require(
                    7, node.Name, _done.Contains((policy.Name, target, waves[former].Name)), $"is granted a slot in wave {wave} although wave {waves[former].Name} is not done");
            }

            require(
                7, node.Name,
                wave == waves.Count || waves[wave].Approval == WaveApproval.Automatic
                    || spec.Rollout.Approvals?.Any(a => a.Wave == waves[wave].Name && a.Digest.EndsWith(target, StringComparison.Ordinal)) == true,
                $"is granted a slot in wave {wave}, which nobody approved");
        }
    }

    private static bool IsDone(
        SimulatedWorld world, SimulatedPolicy policy, UpgradePolicySpec spec, IReadOnlyList<WaveSpec> waves, int index, SimulatedNode[] selected, string target)
    {
        var wave = waves[index];
        if (wave.NodeSelector is not null)
        {
            var members = selected.Where(n => BySelector(waves, n) == index).ToArray();
            var there = members.Count(n => n is { Ready: true, Hold: null } || IsTouched(world, policy, n, target));
            return members.Length == 0
                || (members.All(n => !IsUnderWay(world, policy, n)) && members.Count(n => Runs(n, target)) * 100 >= wave.SuccessThreshold.Value * there);
        }

        // As many as have a place up to here have been through, and not too many of them failed.
        var queue = selected.Where(n => BySelector(waves, n) is null).ToArray();
        var ahead = waves.Take(index + 1).Where(w => w.NodeSelector is null).ToArray();
        var places = ahead.Sum(w => Math.Max(1, w.Nodes!.Value.Of(selected.Length)));
        var through = queue.Where(n => IsTouched(world, policy, n, target) && !IsUnderWay(world, policy, n)).ToArray();
        var away = queue.Count(n => !IsTouched(world, policy, n, target) && n is not { Ready: true, Hold: null });
        var mayFail = ahead.Max(w => (100 - w.SuccessThreshold.Value) * places / 100);
        return through.Length >= Math.Min(places, queue.Length - away) && through.Count(n => !Runs(n, target)) <= mayFail;
    }

    private static int? BySelector(IReadOnlyList<WaveSpec> waves, SimulatedNode node)
    {
        var index = waves.ToList().FindIndex(w => w.NodeSelector?.Matches(node.Labels) == true);
        return index < 0 ? null : index;
    }

    private static int ByPlace(IReadOnlyList<WaveSpec> waves, int total, int place)
    {
        for (var i = 0; i < waves.Count; i++)
        {
            if (waves[i].NodeSelector is null)
            {
                place -= Math.Max(1, waves[i].Nodes!.Value.Of(total));
                if (place < 0)
                {
                    return i;
                }
            }
        }

        return waves.Count;
    }

    private static bool IsTouched(SimulatedWorld world, SimulatedPolicy policy, SimulatedNode node, string target) =>
        Runs(node, target)
        || IsUnderWay(world, policy, node)
        || (node.OS?.Spec.Failure is { } f && f.Digest == target && !(f.At <= policy.Spec!.Rollout.RetryFailuresBefore));

    // A node that failed and could not go back is held, but not on its way.
    private static bool IsUnderWay(SimulatedWorld world, SimulatedPolicy policy, SimulatedNode node) =>
        Invariants.IsInFlight(node, policy.Name) && !Invariants.IsFailed(world, node);

    private static bool Runs(SimulatedNode node, string target) => node.OS?.Status?.Booted?.Digest == target;

    private void JudgeDomains(SimulatedWorld world, SimulatedPolicy policy, UpgradePolicySpec spec, SimulatedNode[] granted)
    {
        if (spec.Rollout.Topology is not { } topology)
        {
            return;
        }

        string Domain(SimulatedNode node) => node.Labels.GetValueOrDefault(topology.Key) ?? $"(node {node.Name})";
        var disrupted = world.Nodes.Where(n => Invariants.IsInFlight(n, policy.Name)).Select(Domain).ToHashSet(StringComparer.Ordinal);
        var with = granted.Select(Domain).Concat(disrupted).Distinct().Count();
        require(
            11, policy.Name, with == disrupted.Count || with <= topology.MaxDomainsAtOnce, $"disrupts {with} domains of {topology.MaxDomainsAtOnce} allowed");
        Count(true, "grant with domains");
    }

    private void JudgeControlPlane(SimulatedWorld world, SimulatedPolicy policy, SimulatedNode[] granted)
    {
        var controlPlane = granted.Where(IsControlPlane).ToArray();
        require(12, policy.Name, controlPlane.Length <= 1, $"grants {controlPlane.Length} nodes of the control plane slots at once");
        foreach (var node in controlPlane)
        {
            Count(true, "grant in the control plane");
            var other = world.Nodes.FirstOrDefault(n => n != node && IsControlPlane(n) && (!n.Ready || n.Unschedulable || Invariants.IsInFlight(n, policy.Name)));
            require(12, node.Name, other is null, $"is granted a slot although {other?.Name} of the control plane is out of service");
        }
    }

    private static bool IsControlPlane(SimulatedNode node) => node.Labels.Keys.Any(k => k is "node-role.kubernetes.io/control-plane" or "node-role.kubernetes.io/master");

    private static bool IsOpen(MaintenanceWindow window, DateTimeOffset now) => Cronos.CronExpression.Parse(window.Schedule)
        .GetOccurrences(now - window.Duration.Value, now, TimeZoneInfo.FindSystemTimeZoneById(window.TimeZone), fromInclusive: false, toInclusive: true)
        .Any();

    private void Count(bool when, string what)
    {
        if (when)
        {
            count(what);
        }
    }
}
