using Ostler.Api.Meta;
using Ostler.Api.NodeOSes;
using Ostler.Api.Shared;
using Ostler.Rollout.Nodes;

namespace Ostler.Simulation;

/// <summary>The agents: each reads its NodeOS and its host, does one thing, and reports. What they know survives their death on the host's disk only.</summary>
internal sealed class SimulatedAgents(RolloutSimulation simulation, SimulatedMachines machines)
{
    private readonly HashSet<int> _deaths = [.. simulation.World.Scenario.KillAgentAfterSteps];

    public int Steps { get; private set; }

    private SimulatedWorld World => simulation.World;

    public void Wake(SimulatedNode node) => Wake(node, World.Draw(World.Scenario.Latencies.Agent));

    public void Restart(SimulatedNode node)
    {
        var host = node.Host;
        host.AgentTerm++;
        host.StagingDigest = null;
        host.LastError = null;
        host.CheckResult = null;
        host.IsChecking = false;
        Wake(node, World.Random.Between(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10)));
    }

    /// <summary>The health of the host changed.</summary>
    public void CheckAgain(SimulatedNode node)
    {
        node.Host.CheckResult = null;
        Wake(node);
    }

    private void Wake(SimulatedNode node, TimeSpan delay)
    {
        var term = node.Host.AgentTerm;
        World.Time.In(delay, () =>
        {
            if (!node.Gone && World.ApiOutages == 0 && node is { OS: not null,
                Host: { IsUp: true, HasAgent: true, AgentIsAway: false } host } && host.AgentTerm == term)
            {
                Act(node);
            }
        });
    }

    // Whether the agent lives on after a step.
    private bool Lives(SimulatedNode node)
    {
        if (!_deaths.Contains(++Steps))
        {
            return true;
        }

        World.Tell(node.Name, "agent: killed");
        Restart(node);
        return false;
    }

    private void Act(SimulatedNode node)
    {
        var spec = node.OS!.Spec;
        node.Host.Watchdog = spec.Goal == Goal.Boot || spec.Attempt == 0 ? node.Host.Watchdog : null;

        switch (spec.Goal)
        {
            case Goal.Stage when spec.Image is { } image && (node.Host.Booted != image.Digest || (spec.IsReconciling() && node.Host.Drift is not null)):
                Stage(node, image);
                break;
            case Goal.Boot when spec.Image is { } image:
                Boot(node, spec, image);
                break;
            case Goal.Rollback when spec.Previous is { } previous:
                RollBack(node, spec, previous);
                break;
            default:
                node.Host.LastError = node.Host.LastError?.Reason == Reasons.PullFailed ? null : node.Host.LastError;
                Report(node, Rest(spec, node.Host));
                break;
        }
    }

    private static NodeStep Rest(NodeOSSpec spec, SimulatedHost host) => spec.Failure is { } failure && failure.Attempt == spec.Attempt && failure.Reason != Reasons.StagingFailed
        ? failure.Digest == host.Booted ? NodeStep.Failed : NodeStep.RolledBack
        : spec.Image?.Digest == host.Booted ? NodeStep.Updated : NodeStep.Idle;

    private void Stage(SimulatedNode node, NodeImage image)
    {
        var host = node.Host;
        if (host.Staged?.Digest == image.Digest)
        {
            host.LastError = null;
            Report(node, NodeStep.Staged);
            return;
        }

        if (host.StagingDigest != image.Digest)
        {
            // What went wrong in a former attempt says nothing of this one.
            host.LastError = node.OS!.Status?.Attempt == node.OS.Spec.Attempt && host.LastError?.Reason == Reasons.PullFailed ? host.LastError : null;
            host.StagingDigest = image.Digest;
            var term = host.AgentTerm;
            World.Time.In(World.Draw(World.Scenario.Latencies.Staging), () =>
            {
                if (node.Gone || !host.IsUp || host.AgentTerm != term || host.StagingDigest != image.Digest)
                {
                    return;
                }

                host.StagingDigest = null;
                if (host.StagingFailures > 0)
                {
                    host.StagingFailures--;
                    host.LastError = new()
                    {
                        Reason = Reasons.PullFailed,
                        Message = "connection reset by peer",
                        At = World.Now.TruncateToSeconds(),
                        Count = (host.LastError?.Count ?? 0) + 1,
                    };
                    Report(node, NodeStep.Staging);
                    Wake(node, TimeSpan.FromSeconds(30));
                    return;
                }

                host.Staged = image;
                if (Lives(node))
                {
                    Act(node);
                }
            });
        }

        Report(node, NodeStep.Staging);
    }

    private void Boot(SimulatedNode node, NodeOSSpec spec, NodeImage image)
    {
        var host = node.Host;
        var before = host.Pending is { Goal: Goal.Boot } pending && pending.Attempt == spec.Attempt ? pending.BootID : spec.Previous?.BootSessionID();
        if (before is not null && before != host.Session)
        {
            HasBooted(node, spec, image);
            return;
        }

        if (host.Pending is { Goal: Goal.Boot } underWay && underWay.Attempt == spec.Attempt)
        {
            // The order to reboot may or may not have been given before the agent died: it is given once more.
            GoDown(node, image.Digest, image.Version, Goal.Boot);
            return;
        }

        if (host.Staged?.Digest != image.Digest)
        {
            host.LastError = new() { Reason = Reasons.NotStaged, Message = "The target is not staged.", At = World.Now.TruncateToSeconds() };
            Report(node, NodeStep.Idle);
            return;
        }

        host.DropsChanges = spec.IsReconciling() && spec.Reconcile!.DropsChanges;
        host.Pending = new(spec.Attempt, Goal.Boot, host.Session);
        host.Watchdog = spec is { Watchdog: { } watchdog, Previous: { } previous } ? new(image.Digest, previous, watchdog) : null;
        if (Lives(node) && Report(node, NodeStep.Rebooting))
        {
            GoDown(node, image.Digest, image.Version, Goal.Boot);
        }
    }

    private void HasBooted(SimulatedNode node, NodeOSSpec spec, NodeImage image)
    {
        var host = node.Host;
        if (host.Booted == image.Digest)
        {
            Verify(node);
            return;
        }

        var fellBack = host.Booted == spec.Previous?.Digest;
        host.LastError = fellBack
            ? new() { Reason = host.FellBackBecause ?? Reasons.BootFellBack, Message = "The host booted the previous image.", At = World.Now.TruncateToSeconds() }
            : new() { Reason = Reasons.UnexpectedTree, Message = "The host booted another image.", At = World.Now.TruncateToSeconds() };
        Report(node, fellBack ? NodeStep.RolledBack : NodeStep.Failed);
    }

    private void Verify(SimulatedNode node)
    {
        var host = node.Host;
        if (host.CheckResult is null && !host.IsChecking)
        {
            host.IsChecking = true;
            var term = host.AgentTerm;
            World.Time.In(World.Draw(World.Scenario.Latencies.HostChecks), () =>
            {
                if (node.Gone || !host.IsUp || host.AgentTerm != term)
                {
                    return;
                }

                host.IsChecking = false;
                host.CheckResult = host.IsHealthy;
                if (!host.AgentIsAway && World.ApiOutages == 0 && Lives(node))
                {
                    Act(node);
                }
            });
        }

        Report(node, NodeStep.Verifying);
        if (host.CheckResult == true)
        {
            host.Watchdog = null;
        }
    }

    private void RollBack(SimulatedNode node, NodeOSSpec spec, PreviousOS previous)
    {
        var host = node.Host;
        if (host.Booted == previous.Digest)
        {
            host.Staged = null;
            Report(node, NodeStep.RolledBack);
            return;
        }

        if (host.Pending is { Goal: Goal.Rollback } pending && pending.Attempt == spec.Attempt && pending.BootID != host.Session)
        {
            host.LastError = new() { Reason = Reasons.RollbackImpossible, Message = "The host booted another image.", At = World.Now.TruncateToSeconds() };
            Report(node, NodeStep.Failed);
            return;
        }

        host.Pending = new(spec.Attempt, Goal.Rollback, host.Session);
        if (Lives(node) && Report(node, NodeStep.RollingBack))
        {
            GoDown(node, previous.Digest, previous.Version, Goal.Rollback);
        }
    }

    private void GoDown(SimulatedNode node, string digest, string? version, Goal goal)
    {
        simulation.Tell(new SimulatedStep.Reboots(node.Name, goal));
        node.Host.EntersSoftly = goal == Goal.Boot && SoftRebootRules.Choose(new()
        {
            Asked = node.OS!.Spec.RebootMethod,
            ChangesTree = node.Host.Booted != digest,
            Counted = true,
            HasTarget = node.First.SoftReboots,
        }).Method == RebootKind.SoftReboot;
        machines.Reboot(node, digest, version, goal);
    }

    // True when the agent lives on.
    private bool Report(SimulatedNode node, NodeStep step)
    {
        var spec = node.OS!.Spec;
        var host = node.Host;
        var former = node.OS.Status;
        var conditions = new List<Condition>
        {
            Make(ConditionTypes.Ready, true, Reasons.Observing),
            Make(ConditionTypes.Staged, host.Staged is not null && host.Staged.Digest == spec.Image?.Digest, Reasons.Succeeded),
            Make(ConditionTypes.Drifted, host.Drift is not null, host.Drift?.Reason ?? Reasons.NoDrift),
        };
        if (step == NodeStep.Verifying && host.CheckResult is { } passed)
        {
            conditions.Add(Make(ConditionTypes.HostHealthy, passed, passed ? Reasons.HostChecksPass : Reasons.HostCheckFailed) with
            {
                Message = passed ? "" : "edge.service is failed.",
            });
        }

        var status = new NodeOSStatus
        {
            ObservedGeneration = node.OS.Generation,
            Attempt = spec.Attempt,
            Step = step,
            Backend = "ostree",
            BootID = host.BootID,
            SoftReboots = host.SoftReboots > 0 ? host.SoftReboots : null,
            Booted = new() { Digest = host.Booted, Version = host.BootedVersion },
            Staged = host.Staged is { } staged ? new() { Digest = staged.Digest, Version = staged.Version, Locked = true } : null,
            Rollback = host.Former,
            Drift = host.Drift,
            Timings = new() { BootedAt = host.Boots == 0 ? null : host.BootedAt },
            LastError = host.LastError,
            Conditions = Conditions.Carry(former?.Conditions, conditions, node.OS.Generation, World.Now),
        };
        if (former is not null
            && former with { Conditions = null } == status with { Conditions = null }
            && (former.Conditions ?? []).SequenceEqual(status.Conditions))
        {
            return true;
        }

        if (former?.Step != step)
        {
            World.Tell(node.Name, $"agent: {step}{(host.LastError is { } error ? $" ({error.Reason})" : "")}");
        }

        node.WriteStatus(status);
        simulation.Controller.Enqueue();
        return Lives(node);
    }

    private static Condition Make(string type, bool holds, string reason) =>
        new() { Type = type, Status = holds ? ConditionStatus.True : ConditionStatus.False, Reason = reason };
}
