using Ostler.Api.NodeOSes;
using Ostler.Rollout.Hosts.Decisions;
using Ostler.Rollout.Hosts.Report;
using Ostler.Simulation.Hosts;

namespace Ostler.Simulation;

/// <summary>
/// Runs the agents' passes in virtual time: when the NodeOS or the host changes, and when a pass asks for another one. What a pass does is
/// the host's (<see cref="SimulatedHost"/>).
/// </summary>
/// <remarks>
/// The real agent also looks around every few minutes. Here each change of a host wakes its agent instead, so that a rollout comes to an
/// end.
/// </remarks>
internal sealed class AgentLoops(RolloutSimulation simulation, SimulatedMachines machines)
{
    /// <summary>So many passes at one moment never end.</summary>
    private const int MostAtOnce = 50;

    /// <summary>As the real agent's after a failed call to the API server; each further one doubles it.</summary>
    private static readonly TimeSpan FirstApiRetry = TimeSpan.FromSeconds(2);

    private static readonly TimeSpan LongestApiRetry = TimeSpan.FromMinutes(1);

    private readonly HashSet<int> _deaths = [.. simulation.World.Scenario.KillAgentAfterSteps];

    /// <summary>After how many steps an agent could have died.</summary>
    public int Steps { get; private set; }

    private SimulatedWorld World => simulation.World;

    public void Wake(SimulatedNode node) => Wake(node, World.Draw(World.Scenario.Latencies.Agent));

    public void Restart(SimulatedNode node)
    {
        node.KillAgent();
        Wake(node, World.Random.Between(TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(10)));
    }

    private void Wake(SimulatedNode node, TimeSpan delay)
    {
        var term = node.Agent.Term;
        World.Time.In(delay, () => Look(node, term));
    }

    // An agent that has not read its NodeOS since it started knows of no order until the API server is reachable again.
    private bool Runs(SimulatedNode node, int term) =>
        (World.ApiOutages == 0 || node.Agent.KnowsOrder)
        && node is { Gone: false, OS: not null, Host: { IsUp: true, HasAgent: true, Faults.AgentIsAway: false } }
        && node.Agent.Term == term;

    private void Look(SimulatedNode node, int term)
    {
        // What takes time goes on as long as the order is the same.
        if (Runs(node, term) && (node.Agent.Pass is not { } pass || !NodeOrder.AsksTheSame(pass.OS, node.Read())))
        {
            Run(node);
        }
    }

    private void Run(SimulatedNode node)
    {
        for (var passes = 1; Begin(node) == TimeSpan.Zero; passes++)
        {
            if (passes == MostAtOnce)
            {
                throw new InvalidOperationException($"{node.Name}: the agent makes one pass after the other without end.");
            }
        }
    }

    private TimeSpan? Begin(SimulatedNode node)
    {
        node.Agent.End();
        node.Agent.Begin(node.Host.Pass(node.Read()!, () => World.Now));
        return Continue(node);
    }

    /// <returns>Zero: another pass is to be made at once.</returns>
    private TimeSpan? Continue(SimulatedNode node)
    {
        var agent = node.Agent;
        while (true)
        {
            switch (agent.Next())
            {
                case HostStep.Reports or HostStep.Confirms when World.ApiOutages > 0:
                    LoseApi(node);
                    return null;
                case HostStep.Reports reports when Store(node, reports.Status):
                case HostStep.Writes when Lives(node):
                    break;
                case HostStep.Reports or HostStep.Writes:
                    return null;
                case HostStep.Confirms:
                    agent.Pass!.OS = node.Read();
                    break;
                case HostStep.Takes takes:
                    Wait(node, takes);
                    return null;
                case HostStep.GoesDown down:
                    simulation.Publish(new SimulatedStep.Reboots(node.Name, down.Goal));
                    machines.Reboot(node, down.Goal, down.Method);
                    return null;
                case HostStep.Ends ends:
                    agent.ApiFailures = 0;
                    agent.End();
                    Again(node, ends.Again);
                    return ends.Again;
                case var unknown:
                    throw new InvalidOperationException($"No such step: {unknown}");
            }
        }
    }

    private void LoseApi(SimulatedNode node)
    {
        var agent = node.Agent;
        agent.Pass!.LoseApi();
        agent.End();
        var wait = FirstApiRetry * Math.Pow(2, Math.Min(agent.ApiFailures++, 10));
        Again(node, wait < LongestApiRetry ? wait : LongestApiRetry);
    }

    private void Wait(SimulatedNode node, HostStep.Takes takes)
    {
        var (term, passes) = (node.Agent.Term, node.Agent.Passes);
        var duration = World.Draw(takes.Work switch
        {
            HostWork.Staging => World.Scenario.Latencies.Staging,
            HostWork.Checks => World.Scenario.Latencies.HostChecks,
            _ => throw new InvalidOperationException($"No such work: {takes.Work}"),
        });
        World.Time.In(duration, () =>
        {
            if (Runs(node, term) && node.Agent.Passes == passes && Continue(node) == TimeSpan.Zero)
            {
                Run(node);
            }
        });

        // The real agent reports it after this time, unless it is done by then. Failing to do so does not stop it.
        if (takes.Meanwhile is { } status && duration > ActionReports.QuickStep && World.ApiOutages == 0)
        {
            Store(node, status);
        }
    }

    /// <summary>
    /// Another pass after a while, unless there was one before. Draws nothing: what hardly ever acts changes no run in which it does not.
    /// </summary>
    private void Again(SimulatedNode node, TimeSpan? delay)
    {
        if (delay is not { } wait || wait <= TimeSpan.Zero)
        {
            return;
        }

        var (term, passes) = (node.Agent.Term, node.Agent.Passes);
        World.Time.LastIn(wait, () =>
        {
            if (node.Agent.Passes == passes)
            {
                Look(node, term);
            }
        });
    }

    /// <summary>Stores a status. True when the agent lives on.</summary>
    private bool Store(SimulatedNode node, NodeOSStatus status)
    {
        if (node.OS!.Status?.Step != status.Step)
        {
            World.Record(node.Name, $"agent: {status.Step}{(status.LastError is { } error ? $" ({error.Reason})" : "")}");
        }

        node.WriteStatus(status);
        node.Agent.Pass!.OS = node.Read();
        simulation.Controller.Enqueue();
        return Lives(node);
    }

    private bool Lives(SimulatedNode node)
    {
        if (!_deaths.Contains(++Steps))
        {
            return true;
        }

        World.Record(node.Name, "agent: killed");
        Restart(node);
        return false;
    }
}
